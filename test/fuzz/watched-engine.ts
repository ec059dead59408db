import type { Engine, HostFunction, HostImports, LoadedComponent } from '../../host/engine/engine.ts';
import { EngineError, HostFault } from '../../host/engine/errors.ts';
import { GuestExit } from '../../host/interfaces/exit.ts';

/** One host call of the guest, as it was and as it ended. */
export interface Made {
  readonly name: string;
  readonly args: readonly unknown[];
  /** `ok`, the code of a fault, or the error that nobody expected. */
  end: string;
}

/** An engine that looks on at the host calls of one component. */
export class WatchedEngine implements Engine {
  readonly name = 'watched';
  /** Those of the last call, the oldest left out where there are very many. */
  made: Made[] = [];
  /** Errors of a host function that are neither a fault nor a way to end a guest. */
  unexpected: string[] = [];
  /** How many calls ended how: `links#all ok`. */
  readonly tally = new Map<string, number>();
  total = 0;
  readonly #engine: Engine;
  readonly #digest: string;

  constructor(engine: Engine, digest: string) {
    this.#engine = engine;
    this.#digest = digest;
  }

  load(source: Parameters<Engine['load']>[0]): LoadedComponent {
    const component = this.#engine.load(source);
    if (source.digest !== this.#digest) return component;
    const { digest, shape } = component;
    return { digest, shape, instantiate: (imports, limits) => component.instantiate(this.#watch(imports), limits) };
  }

  begin(): void {
    this.made = [];
    this.unexpected = [];
  }

  #watch(imports: HostImports): HostImports {
    const watched = Object.entries(imports).map(([id, functions]) => {
      const inner = Object.entries(functions).map(([name, one]) => {
        const isClass = /^[A-Z]/.test(name);
        return [name, isClass ? one : this.#around(`${short(id)}#${name}`, one as HostFunction)];
      });
      return [id, Object.fromEntries(inner)];
    });
    return Object.fromEntries(watched) as HostImports;
  }

  #around(name: string, original: HostFunction): HostFunction {
    return (...args: unknown[]) => {
      const made: Made = { name, args, end: 'cut short' };
      this.total++;
      this.made.push(made);
      if (needsDoor.test(name) && !isDoor(args[0])) this.unexpected.push(`${describeCall(made)}: no handle of a door`);
      if (this.made.length > 20_000) this.made.splice(0, 10_000);
      try {
        const value = original(...args);
        made.end = 'ok';
        return value;
      } catch (error) {
        made.end = this.#judge(made, error);
        throw error;
      } finally {
        const key = `${name} ${made.end.slice(0, 40)}`;
        this.tally.set(key, (this.tally.get(key) ?? 0) + 1);
      }
    };
  }

  #judge(made: Made, error: unknown): string {
    if (error instanceof HostFault) {
      const { code } = error.payload as { readonly code: unknown };
      const cause = error.cause instanceof Error ? ` ${error.cause.name}` : '';
      return typeof code === 'number' ? 'failure' : `${String(code)}${cause}`;
    }
    if (error instanceof GuestExit || error instanceof EngineError) return error.name;
    const stack = error instanceof Error ? error.stack : String(error);
    this.unexpected.push(`${describeCall(made)}: ${stack}`);
    return `unexpected: ${stack}`;
  }
}

const needsDoor = /^(links|link-control|bridge-ports|addresses|routes|sysctls)#/;

function isDoor(value: unknown): boolean {
  const { door } = (value ?? {}) as { readonly door?: unknown };
  return door === 'sandbox' || door === 'host';
}

/** `bulkhead:net/links@0.1.0` is `links`. */
function short(id: string): string {
  return id.replace(/^[^/]*\//, '').replace(/@.*$/, '');
}

export function describeCall({ name, args, end }: Made): string {
  const text = JSON.stringify(args, (_, value: unknown) => {
    if (typeof value === 'string' && value.length > 80) return `${value.slice(0, 40)}… (${value.length} units)`;
    if (Array.isArray(value) && value.length > 40) return `[… ${value.length} items]`;
    return value;
  });
  return `${name}${text}: ${end.split('\n')[0]}`;
}
