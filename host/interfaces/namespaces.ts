import type { Door } from '../operations/operation.ts';
import { exitOf } from './exit.ts';
import { hostInterface } from './interface.ts';

/** `bulkhead:net/namespaces.netns`: what a door hands out. It holds nothing open; the call has the namespaces. */
export class Netns {
  readonly door: Door;
  readonly #path: string;

  constructor(door: Door, path: string) {
    this.door = door;
    this.#path = path;
  }

  /** As outcomes print it. */
  path(): string {
    return this.#path;
  }
}

export const namespaces = hostInterface('bulkhead:net/namespaces@0.1.0', {}, { classes: { Netns } });

/** Door: the namespace of the attachment. */
export const sandbox = hostInterface(
  'bulkhead:net/sandbox@0.1.0',
  {
    open(session) {
      session.require({ kind: 'sandbox' });
      return session.sandbox === undefined ? undefined : new Netns('sandbox', session.sandboxPath);
    },
  },
  { refusal: exitOf },
);

/** Door: the namespace of the host. */
export const host = hostInterface(
  'bulkhead:net/host@0.1.0',
  {
    open(session) {
      session.require({ kind: 'host' });
      return new Netns('host', '');
    },
  },
  { refusal: exitOf },
);
