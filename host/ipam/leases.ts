import type { IpAddress } from '../net/ip.ts';
import type { LeaseRange, LeaseRequest, Reservation } from '../operations/operation.ts';

/** The leases of one attachment, by directory: `dataDir/network` of the reference host-local plugin. Throws LeaseError. */
export interface Leases {
  /** Reserves the requested address, or the next free one after the one leased last. */
  reserve(request: LeaseRequest): Reservation;
  held(directory: string): readonly IpAddress[];
  /** Gives back all that the attachment holds there. What is not there is not an error. */
  release(directory: string): void;
  hasFree(directory: string, ranges: readonly LeaseRange[]): boolean;
}
