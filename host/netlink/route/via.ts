import { formatIpAt, type IpAddress, ipBytes, ipFamily } from '../../net/ip.ts';
import { type Codec, codec } from '../codec.ts';
import { NetlinkDecodeError } from '../decode-error.ts';
import { u16 } from '../fixed.ts';
import { AF_INET, AF_INET6 } from './family.ts';

/** linux/rtnetlink.h: `struct rtvia`, the address family and the address: a gateway of another family than the destination. */
export const via: Codec<IpAddress> = codec({
  write: (out, address) => {
    u16.write(out, ipFamily(address) === 4 ? AF_INET : AF_INET6);
    out.append(ipBytes(address));
  },
  read: ({ view, bytes }, from, to) => {
    const length = to - from - u16.size;
    const family = length < 0 ? undefined : u16.get(view, from);
    const fits = (family === AF_INET && length === 4) || (family === AF_INET6 && length === 16);
    if (!fits) throw new NetlinkDecodeError(`is no IP address of a family: ${to - from} bytes`);
    return formatIpAt(bytes, from + u16.size, length);
  },
});
