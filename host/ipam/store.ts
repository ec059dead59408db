import type { Deadline } from '../system/deadline.ts';
import type { Leases } from './leases.ts';

/** All leases of the node. */
export interface LeaseStore {
  /** Those of one attachment. Waiting for the lock of a directory ends at the deadline. */
  of(attachment: { readonly containerId: string; readonly interfaceName: string }, deadline: () => Deadline): Leases;
  /** Directory of a network below `dataDir`. */
  directory(dataDir: string, network: string): string;
}
