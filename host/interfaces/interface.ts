import type { HostFunction, ResourceClass } from '../engine/engine.ts';
import type { Session } from './session.ts';

/** An interface that guests may import: its id, and its functions for one session. */
export interface HostInterface {
  readonly id: string;
  readonly bind: (session: Session) => Readonly<Record<string, HostFunction | ResourceClass>>;
}

/** `hostInterface('bulkhead:net/sysctls@0.1.0', (session) => ({ read: … }))` */
export function hostInterface(id: string, bind: HostInterface['bind']): HostInterface {
  return { id, bind };
}
