import { createHash } from 'node:crypto';

/** One plugin's part in attaching one interface of one container to one network: what a record is about. */
export interface Attachment {
  readonly network: string;
  readonly containerId: string;
  readonly interfaceName: string;
  /** The CNI type: plugins of a chain, and a delegate, share the first three. */
  readonly type: string;
}

/** A name for files: SHA-256, hexadecimal, over the length-prefixed parts, since container ids have no length limit and no part may run into the next. */
export function attachmentKey({ network, containerId, interfaceName, type }: Attachment): string {
  const hash = createHash('sha256');
  for (const part of [network, containerId, interfaceName, type]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}
