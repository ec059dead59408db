import type { ResourceClass } from '../engine/engine.ts';
import { faultOf } from './fault.ts';
import type { Session } from './session.ts';

/** What a guest may call, for the session of the call that it is called in. */
// biome-ignore lint/suspicious/noExplicitAny: each function states its own parameters; the engine checks them against the component's types
export type SessionFunction = (session: Session, ...args: any[]) => unknown;

/** An interface that guests may import. */
export interface HostInterface {
  readonly id: string;
  /** By name, in camelCase. */
  readonly functions: Readonly<Record<string, SessionFunction>>;
  /** By name, in PascalCase. */
  readonly classes: Readonly<Record<string, ResourceClass>>;
  /** What is thrown through the guest, or to it, in place of what a function threw. */
  readonly refusal: (error: unknown) => unknown;
}

/**
 * `hostInterface('bulkhead:net/sysctls@0.1.0', { read: (session, { door }: Netns, key: string) => … })`. What the kernel or the lease store
 * says no with becomes the guest's fault, unless `refusal` says otherwise.
 */
export function hostInterface(
  id: string,
  functions: HostInterface['functions'],
  { classes = {}, refusal = faultOf }: Partial<Pick<HostInterface, 'classes' | 'refusal'>> = {},
): HostInterface {
  return { id, functions, classes, refusal };
}
