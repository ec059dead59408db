import { HostFault } from '../engine/errors.ts';
import { StepError } from '../kernel/errors.ts';
import type { AddressFlags } from '../kernel/kernel.ts';
import type { Operation } from '../operations/operation.ts';
import { faultOf, type WitFault } from './fault.ts';
import { hostInterface } from './interface.ts';
import { fromWitChange, type WitLinkChange } from './link-control.ts';
import type { Netns } from './namespaces.ts';
import { fromWitRoute, type WitKernelRoute } from './routes.ts';
import type { Session } from './session.ts';
import { fromWitPrefix, type WitPrefix } from './values.ts';

/** `bulkhead:net/link-setup.setup` */
interface WitSetup {
  readonly settings: readonly { readonly key: string; readonly value: string; readonly optional: boolean }[];
  readonly addresses: readonly { readonly prefix: WitPrefix; readonly flags: Required<AddressFlags> }[];
  readonly change?: WitLinkChange;
  readonly routes: readonly WitKernelRoute[];
}

type WitPart =
  | { readonly tag: 'setting' | 'address' | 'route'; readonly val: number }
  | { readonly tag: 'change'; readonly val?: undefined };

interface WitPartFailure {
  readonly part: WitPart;
  readonly fault: WitFault;
}

interface Part {
  readonly part: WitPart;
  readonly operation: Operation;
}

/** Several changes of one link. */
export const linkSetup = hostInterface(
  'bulkhead:net/link-setup@0.1.0',
  {
    apply(session, { door }: Netns, index: number, setup: WitSetup) {
      // Each part is what another interface has a call for.
      session.count(setup.settings.length + setup.addresses.length + setup.routes.length);
      const leftOut = setup.settings.flatMap((setting, position) => write(session, door, setting, position));
      const parts = [...partsOf(door, index, setup)];
      try {
        session.performAll(
          door,
          parts.map(({ operation }) => operation),
        );
      } catch (error) {
        const part = error instanceof StepError ? parts[error.position]?.part : undefined;
        throw error instanceof StepError && part !== undefined ? refusal(part, error.cause) : error;
      }
      return leftOut;
    },
  },
  { refusal: (error) => error },
);

/** What is to be told of it: that it was left out. Throws a refusal. */
function write(
  { perform }: Session,
  door: Netns['door'],
  { key, value, optional }: WitSetup['settings'][number],
  position: number,
): WitPartFailure[] {
  const part: WitPart = { tag: 'setting', val: position };
  try {
    perform({ kind: 'sysctl.write', door, key, value });
    return [];
  } catch (error) {
    const failure = failureOf(part, error);
    if (failure === undefined || !optional) throw refusal(part, error);
    return [failure];
  }
}

function* partsOf(door: Netns['door'], index: number, { addresses, change, routes }: WitSetup): Generator<Part> {
  for (const [val, { prefix, flags }] of addresses.entries()) {
    const part: WitPart = { tag: 'address', val };
    yield {
      part,
      operation: { kind: 'address.add', door, index, prefix: valid(part, () => fromWitPrefix(prefix)), flags },
    };
  }
  if (change !== undefined)
    yield { part: { tag: 'change' }, operation: { kind: 'link.change', door, index, change: fromWitChange(change) } };
  for (const [val, route] of routes.entries()) {
    const part: WitPart = { tag: 'route', val };
    yield { part, operation: { kind: 'route.add', door, route: valid(part, () => fromWitRoute(route)) } };
  }
}

/** Throws a refusal where what the guest gave cannot be read. */
function valid<T>(part: WitPart, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusal(part, error);
  }
}

/** What ends the guest stays what it is. */
function refusal(part: WitPart, error: unknown): unknown {
  const failure = failureOf(part, error);
  return failure === undefined ? error : new HostFault(failure, failure.fault.message, { cause: error });
}

function failureOf(part: WitPart, error: unknown): WitPartFailure | undefined {
  const known = faultOf(error);
  return known instanceof HostFault ? { part, fault: known.payload as WitFault } : undefined;
}
