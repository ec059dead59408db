import { NetlinkDecodeError } from './decode-error.ts';
import { alignTo, struct, u16, u32 } from './fixed.ts';
import { sourceOf } from './source.ts';
import { type Writer, writing } from './writer.ts';

/** linux/netlink.h: `struct nlmsghdr`. The length counts the header. */
export const frameHeader = struct({ length: u32, type: u16, flags: u16, sequence: u32, port: u32 });

/** linux/netlink.h: types below 16 belong to netlink itself. */
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

/** linux/netlink.h: NLM_F_*, of requests and of what comes back. */
export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

/** One message as it stands in a datagram; its payload shares the datagram's memory. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Of the socket that asked; 0 in notifications of the kernel's own. */
  readonly port: number;
  readonly payload: Uint8Array;
}

export function encodeFrame(frame: Frame): Uint8Array {
  return writing((out) => writeFrame(out, frame));
}

/** Appends a message; the next one begins at a multiple of four. */
export function writeFrame(out: Writer, { type, flags, sequence, port, payload }: Frame): void {
  const at = out.skip(frameHeader.size);
  out.append(payload);
  const { view } = out;
  u32.set(view, at, out.length - at);
  u16.set(view, at + 4, type);
  u16.set(view, at + 6, flags);
  u32.set(view, at + 8, sequence);
  u32.set(view, at + 12, port);
}

/** Splits a datagram into its messages. Throws NetlinkDecodeError where one of them is cut off. */
export function decodeFrames(datagram: Uint8Array): Frame[] {
  const { view } = sourceOf(datagram);
  const start = datagram.byteOffset;
  const frames: Frame[] = [];
  for (let offset = 0; offset < datagram.length; ) {
    const rest = datagram.length - offset;
    if (rest < frameHeader.size) throw new NetlinkDecodeError(`the header of a message is cut off: ${rest} bytes`);
    const at = start + offset;
    const length = u32.get(view, at);
    if (length < frameHeader.size || length > rest) {
      throw new NetlinkDecodeError(`a message claims a length of ${length} where ${rest} bytes are left`);
    }
    frames.push({
      type: u16.get(view, at + 4),
      flags: u16.get(view, at + 6),
      sequence: u32.get(view, at + 8),
      port: u32.get(view, at + 12),
      payload: datagram.subarray(offset + frameHeader.size, offset + length),
    });
    offset += alignTo(length, 4);
  }
  return frames;
}
