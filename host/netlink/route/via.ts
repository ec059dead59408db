import { formatIp, type IpAddress, ipBytes, ipFamily } from '../../net/ip.ts';
import { concatenate } from '../attributes.ts';
import type { Codec } from '../codec.ts';
import { NetlinkDecodeError } from '../decode-error.ts';
import { u16 } from '../fixed.ts';
import { AF_INET, AF_INET6 } from './family.ts';

/** linux/rtnetlink.h: `struct rtvia`, the address family and the address: a gateway of another family than the destination. */
export const via: Codec<IpAddress> = {
  encode: (address) => concatenate([u16.encode(ipFamily(address) === 4 ? AF_INET : AF_INET6), ipBytes(address)]),
  decode: (bytes) => {
    const address = bytes.subarray(u16.size);
    const family = bytes.length < u16.size ? undefined : u16.decode(bytes.subarray(0, u16.size));
    const fits = (family === AF_INET && address.length === 4) || (family === AF_INET6 && address.length === 16);
    if (!fits) throw new NetlinkDecodeError(`is no IP address of a family: ${bytes.length} bytes`);
    return formatIp(address);
  },
};
