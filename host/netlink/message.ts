import { type AttributeSet, type Attributes, type AttributeValues, attributes } from './attributes.ts';
import { type Codec, codec } from './codec.ts';
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
  const names = Object.keys(header);
  const headSize = alignTo(head.size, 4);
  const twice = names.find((name) => name in declared);
  if (twice !== undefined) throw new TypeError(`${twice} names both a header field and an attribute`);
  return {
    header,
    attributes: declared,
    ...codec<StructValue<H> & AttributeValues<A>>({
      write: (out, value) => {
        const at = out.skip(headSize);
        head.set(out.view, at, withZeros(names, value) as StructValue<H>);
        body.write(out, value);
      },
      read: (source, from, to) => {
        const length = to - from;
        if (length < head.size) {
          throw new NetlinkDecodeError(`a message of ${length} bytes is shorter than its header of ${head.size}`);
        }
        const value: StructValue<H> & Record<string, unknown> = head.get(source.view, from);
        body.readInto(value, source, from + headSize, to);
        return value as StructValue<H> & AttributeValues<A>;
      },
    }),
  };
}

function withZeros(names: readonly string[], given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  for (const name of names) whole[name] = given[name] ?? 0;
  return whole;
}
