import type { HostImports, Limits } from '../../../host/engine/engine.ts';

export const hostileLimits: Limits = {
  memory: 2 * 1024 * 1024,
  time: 200,
  hostCalls: 50,
  handles: 4,
  string: 1000,
  log: 1000,
};

/** The host of the hostile guest: remembers what was reached and what was closed. */
export function makeHost(over: Record<string, unknown> = {}) {
  const closed: number[] = [];
  /** Functions of the host that were called with a door, and what that was. */
  const reached: (readonly [string, unknown])[] = [];
  let made = 0;
  class Door {
    readonly number = ++made;
    knock() {
      reached.push(['knock', this]);
      return this.number;
    }
    [Symbol.dispose]() {
      closed.push(this.number);
    }
  }
  class Window {
    look() {
      return 0;
    }
  }
  const imports: HostImports = {
    'test:hostile/host@1.0.0': {
      Door,
      Window,
      open: () => new Door(),
      openWindow: () => new Window(),
      enter: (door: Door) => reached.push(['enter', door]),
      enterAll: (ways: readonly { readonly through: Door }[]) => reached.push(['enterAll', ways[0]?.through]),
      give: (door: Door) => reached.push(['give', door]),
      ping: () => undefined,
      say: () => undefined,
      number: () => 7,
      text: () => 'text',
      risky: () => 5,
      ...over,
    } as HostImports[string],
  };
  return { imports, closed, reached, Door };
}
