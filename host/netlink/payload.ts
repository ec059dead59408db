import { formatIp, type IpAddress, ipBytes } from '../net/ip.ts';
import type { Codec } from './codec.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from './decode-error.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** NLA_NUL_STRING. Bytes that are not UTF-8 (a link's name may have any) are read as U+FFFD. */
export const text: Codec<string> = {
  encode: (value) => {
    if (value.includes('\0')) throw new NetlinkEncodeError(`${JSON.stringify(value)} has a zero byte`);
    return encoder.encode(`${value}\0`);
  },
  decode: (bytes) => {
    const end = bytes.indexOf(0);
    return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
  },
};

/** NLA_STRING: without a zero at the end, so that the empty text has no bytes. */
export const unterminatedText: Codec<string> = {
  encode: (value) => text.encode(value).subarray(0, -1),
  decode: text.decode,
};

/** NLA_BINARY: anything. */
export const binary: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (bytes) => bytes.slice(),
};

/** An address of 4 or 16 bytes in network byte order, whatever the message's family says. */
export const ipAddress: Codec<IpAddress> = {
  encode: ipBytes,
  decode: (bytes) => {
    if (bytes.length !== 4 && bytes.length !== 16) {
      throw new NetlinkDecodeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
    }
    return formatIp(bytes);
  },
};
