import { hash } from 'node:crypto';

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
  const parts = [network, containerId, interfaceName, type];
  return hash('sha256', parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''));
}
