import { formatIpAt, type IpAddress, ipBytes } from '../net/ip.ts';
import { type Codec, codec } from './codec.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from './decode-error.ts';
import type { Source } from './source.ts';
import type { Writer } from './writer.ts';

/** NLA_NUL_STRING. Bytes that are not UTF-8 (a link's name may have any) are read as U+FFFD. */
export const text: Codec<string> = codec({
  write: (out, value) => {
    writeText(out, value);
    out.skip(1);
  },
  read: readText,
});

/** NLA_STRING: without a zero at the end, so that the empty text has no bytes. */
export const unterminatedText: Codec<string> = codec({ write: writeText, read: readText });

/** NLA_BINARY: anything. */
export const binary: Codec<Uint8Array> = codec({
  write: (out, value) => out.append(value),
  read: ({ bytes }, from, to) => {
    const copy = new Uint8Array(to - from);
    copy.set(bytes.subarray(from, to));
    return copy;
  },
});

/** An address of 4 or 16 bytes in network byte order, whatever the message's family says. */
export const ipAddress: Codec<IpAddress> = codec({
  write: (out, value) => out.append(ipBytes(value)),
  read: ({ bytes }, from, to) => {
    const length = to - from;
    if (length !== 4 && length !== 16) {
      throw new NetlinkDecodeError(`an IP address has 4 or 16 bytes, not ${length}`);
    }
    return formatIpAt(bytes, from, length);
  },
});

function writeText(out: Writer, value: string): void {
  if (value.includes('\0')) throw new NetlinkEncodeError(`${JSON.stringify(value)} has a zero byte`);
  out.appendText(value);
}

function readText({ bytes }: Source, from: number, to: number): string {
  let end = from;
  while (end < to && bytes[end] !== 0) end++;
  return bytes.toString('utf8', from, end);
}
