import type { IpAddress } from '../../net/ip.ts';
import { attribute, attributes, concatenate } from '../attributes.ts';
import type { Codec } from '../codec.ts';
import { NetlinkDecodeError } from '../decode-error.ts';
import { alignTo, s32, struct, u8, u16 } from '../fixed.ts';
import { ipAddress } from '../payload.ts';
import { via } from './via.ts';

/** linux/rtnetlink.h: `struct rtnexthop`, of which a route over several links has one each. The length counts all of it. */
const nextHopHeader = struct({ length: u16, flags: u8, hops: u8, index: s32 });
const nextHopAttributes = attributes({ gateway: attribute(5, ipAddress), via: attribute(18, via) });

export interface NextHop {
  /** RTNH_F_* */
  readonly flags: number;
  /** The weight, less one. */
  readonly hops: number;
  readonly index: number;
  readonly gateway?: IpAddress | undefined;
  readonly via?: IpAddress | undefined;
}

/** RTA_MULTIPATH: next hops one after the other, each aligned to four bytes. */
export const nextHops: Codec<readonly NextHop[]> = {
  encode: (hops) => concatenate(hops.map(encodeNextHop)),
  decode: (bytes) => {
    const hops: NextHop[] = [];
    for (let offset = 0; bytes.length - offset >= nextHopHeader.size; ) {
      const { length, ...header } = nextHopHeader.decode(bytes.subarray(offset, offset + nextHopHeader.size));
      if (length < nextHopHeader.size || length > bytes.length - offset) {
        throw new NetlinkDecodeError(`next hop ${hops.length} claims a length of ${length}`);
      }
      const rest = bytes.subarray(offset + nextHopHeader.size, offset + length);
      hops.push({ ...header, ...nextHopAttributes.decode(rest) });
      offset += alignTo(length, 4);
    }
    return hops;
  },
};

function encodeNextHop({ flags, hops, index, ...rest }: NextHop): Uint8Array {
  const body = nextHopAttributes.encode(rest);
  return concatenate([nextHopHeader.encode({ length: nextHopHeader.size + body.length, flags, hops, index }), body]);
}
