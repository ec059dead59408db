import { type AttributeSet, type Attributes, type AttributeValues, attributes, concatenate } from './attributes.ts';
import type { Codec } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { alignTo, type Fixed, type StructValue, struct } from './fixed.ts';

type Header = Readonly<Record<string, Fixed<number>>>;

/** The payload of a netlink message, below its `struct nlmsghdr`: a fixed header of numbers, then attributes. */
export interface Message<H extends Header, A extends Attributes> extends Codec<StructValue<H> & AttributeValues<A>> {
  readonly header: H;
  readonly attributes: A;
  /** Fields of the header that are absent are zero. */
  encode(value: Partial<StructValue<H>> & AttributeValues<A>): Uint8Array;
}

/**
 * Declares a message once, to be read and written: the fields of its header as C lays them out, and its attributes.
 * The names of both are in one object, so they must differ.
 */
export function message<const H extends Header, const A extends Attributes>(header: H, declared: A): Message<H, A> {
  const head = struct(header);
  const body: AttributeSet<A> = attributes(declared);
  const zeros = Object.fromEntries(Object.keys(header).map((name) => [name, 0]));
  const headSize = alignTo(head.size, 4);
  const twice = Object.keys(header).find((name) => name in declared);
  if (twice !== undefined) throw new TypeError(`${twice} names both a header field and an attribute`);
  return {
    header,
    attributes: declared,
    encode: (value) => {
      const bytes = new Uint8Array(headSize);
      head.write(new DataView(bytes.buffer), 0, { ...zeros, ...value } as StructValue<H>);
      return concatenate([bytes, body.encode(value)]);
    },
    decode: (bytes) => {
      if (bytes.length < head.size) {
        throw new NetlinkDecodeError(`a message of ${bytes.length} bytes is shorter than its header of ${head.size}`);
      }
      const fields = head.decode(bytes.subarray(0, head.size));
      return { ...fields, ...body.decode(bytes.subarray(headSize)) };
    },
  };
}
