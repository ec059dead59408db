import type { IpAddress } from '../../net/ip.ts';
import { attribute, attributes } from '../attributes.ts';
import { type Codec, codec } from '../codec.ts';
import { NetlinkDecodeError } from '../decode-error.ts';
import { alignTo, s32, struct, u8, u16 } from '../fixed.ts';
import { ipAddress } from '../payload.ts';
import type { Writer } from '../writer.ts';
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
export const nextHops: Codec<readonly NextHop[]> = codec({
  write: (out, hops) => {
    for (const hop of hops) writeNextHop(out, hop);
  },
  read: (source, from, to) => {
    const hops: NextHop[] = [];
    for (let at = from; to - at >= nextHopHeader.size; ) {
      const { length, ...header } = nextHopHeader.get(source.view, at);
      if (length < nextHopHeader.size || length > to - at) {
        throw new NetlinkDecodeError(`next hop ${hops.length} claims a length of ${length}`);
      }
      hops.push({ ...header, ...nextHopAttributes.read(source, at + nextHopHeader.size, at + length) });
      at += alignTo(length, 4);
    }
    return hops;
  },
});

function writeNextHop(out: Writer, { flags, hops, index, ...rest }: NextHop): void {
  const at = out.skip(nextHopHeader.size);
  nextHopAttributes.write(out, rest);
  nextHopHeader.set(out.view, at, { length: out.length - at, flags, hops, index });
}
