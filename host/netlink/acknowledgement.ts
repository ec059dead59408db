import { attribute, attributes } from './attributes.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { alignTo, s32, struct, u32 } from './fixed.ts';
import { type Frame, frameHeader, NLM_F_ACK_TLVS, NLM_F_CAPPED } from './frame.ts';
import { text } from './payload.ts';
import { sourceOf } from './source.ts';
import { writing } from './writer.ts';

/** linux/netlink.h: `enum nlmsgerr_attrs`. Offsets count from the start of the request's nlmsghdr. */
export const acknowledgementAttributes = attributes({
  text: attribute(1, text),
  offset: attribute(2, u32),
  missingType: attribute(5, u32),
  missingNest: attribute(6, u32),
});

/** linux/netlink.h: `struct nlmsgerr`. */
const errorHeader = struct({ error: s32, request: frameHeader });

/** What the kernel thinks of a request: NLMSG_ERROR with its extended acknowledgement. */
export interface Acknowledgement {
  /** Positive; 0 says that all went well. */
  readonly errno: number;
  /** NLMSGERR_ATTR_MSG, in the kernel's words. With errno 0 it is a warning. */
  readonly text?: string | undefined;
  /** Where in the request the attribute begins that the kernel did not like. */
  readonly offset?: number | undefined;
  /** The attribute that the kernel missed, by its number. */
  readonly missingType?: number | undefined;
}

/** Reads the payload of an NLMSG_ERROR. Throws NetlinkDecodeError. */
export function decodeAcknowledgement({ flags, payload }: Frame): Acknowledgement {
  if (payload.length < errorHeader.size) {
    throw new NetlinkDecodeError(`an acknowledgement of ${payload.length} bytes is shorter than ${errorHeader.size}`);
  }
  const { error, request } = errorHeader.get(sourceOf(payload).view, payload.byteOffset);
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno: -error };
  // Uncapped, the whole request comes back before the attributes.
  const repeatedBody = flags & NLM_F_CAPPED ? 0 : alignTo(Math.max(0, request.length - frameHeader.size), 4);
  return { errno: -error, ...acknowledgementAttributes.decode(payload.subarray(errorHeader.size + repeatedBody)) };
}

/**
 * Reads the payload of the NLMSG_DONE that ends a dump: an `int` that is negative where the dump failed, then attributes.
 * An empty one says that all went well.
 */
export function decodeDone({ flags, payload }: Frame): Acknowledgement {
  if (payload.length < s32.size) return { errno: 0 };
  const errno = Math.max(0, -s32.decode(payload.subarray(0, s32.size)));
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno };
  return { errno, ...acknowledgementAttributes.decode(payload.subarray(s32.size)) };
}

/** The payload of an NLMSG_ERROR as a kernel writes it with NETLINK_CAP_ACK, for fakes. Its frame needs both flags. */
export function encodeAcknowledgement(
  { errno, ...rest }: Acknowledgement,
  request: Omit<Frame, 'payload'>,
): Uint8Array {
  return writing((out) => {
    errorHeader.write(out, { error: -errno, request: { length: frameHeader.size, ...request } });
    acknowledgementAttributes.write(out, rest);
  });
}
