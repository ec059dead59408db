import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KernelError } from '../../host/kernel/errors.ts';
import type { NetworkNamespace } from '../../host/kernel/kernel.ts';
import { type LinkSnapshot, type NamespaceSnapshot, snapshot } from '../../host/kernel/snapshot.ts';
import { errnoName } from '../../host/system/errno.ts';
import { makeMemoryWorld } from '../model/memory-world.ts';
import { eventually, type World } from './contract/world.ts';
import { makeLinuxWorld } from './linux-world.ts';
import { missingPrivileges } from './namespace.ts';
import { arbitraryStep, type Step, takeStep } from './steps.ts';

const reason = missingPrivileges();
/** Long enough for some hundred sequences; the test is to be run often rather than long. */
const milliseconds = Number(process.env.AGREEMENT_MILLISECONDS ?? 10_000);
/** Shrinking takes a second or two for each attempt, since the kernel is waited for. */
const endOnFailure = process.env.AGREEMENT_SHRINK === undefined;

describe.skipIf(reason !== undefined)(`the kernel of this machine and the model${reason ? ` (${reason})` : ''}`, () => {
  test('answer alike and end alike, whatever is done to them', { timeout: milliseconds * 6 }, () => {
    const steps = fc.array(arbitraryStep, { minLength: 1, maxLength: 20 });
    const property = fc.property(fc.constantFrom([], usualStart), steps, (start, rest) => agreeOn([...start, ...rest]));
    fc.assert(property, { numRuns: 1000, interruptAfterTimeLimit: milliseconds, endOnFailure });
  });
});

/** What an ADD of the bridge plugin starts with, so that the rest has something to work on. */
const usualStart: readonly Step[] = [
  { kind: 'create-bridge', name: 'cni0', mtu: undefined },
  { kind: 'create-veth', name: 'veth0', peerName: 'eth0' },
  { kind: 'change', at: 'host', link: 'veth0', change: { controller: 'cni0', up: true } },
  { kind: 'change', at: 'sandbox', link: 'eth0', change: { up: true } },
  { kind: 'address', at: 'sandbox', link: 'eth0', prefix: '10.0.0.2/24', flags: {} },
];

function agreeOn(steps: readonly Step[]): void {
  using linux = makeLinuxWorld();
  using memory = makeMemoryWorld({ bridgeVlans: linux.bridgeVlans });
  // Without detection of duplicates, so that IPv6 addresses are usable at once.
  for (const { host, sandbox } of [linux, memory]) {
    for (const namespace of [host, sandbox]) namespace.writeSysctl('ipv6/conf/default/accept_dad', '0');
  }
  for (const [position, step] of steps.entries()) {
    const expected = outcome(linux, step);
    expect({ position, step, outcome: outcome(memory, step) }).toEqual({ position, step, outcome: expected });
    eventually(() => expect(masked(memory)).toEqual(masked(linux)));
  }
}

function outcome(world: World, step: Step): string {
  try {
    takeStep(world, step);
    return 'done';
  } catch (error) {
    if (error instanceof KernelError) return errnoName(error.errno);
    throw error;
  }
}

function masked({ host, sandbox }: World): { host: NamespaceSnapshot; sandbox: NamespaceSnapshot } {
  return { host: maskNamespace(host), sandbox: maskNamespace(sandbox) };
}

/** Hardware addresses are drawn at random, and link-local addresses are made of them. */
function maskNamespace(namespace: NetworkNamespace): NamespaceSnapshot {
  const text = JSON.stringify(snapshot(namespace), (key, value) => (key === 'mac' ? null : value));
  const read: NamespaceSnapshot = JSON.parse(text.replace(/fe80::[\da-f:]*ff:fe[\da-f:]*/g, 'fe80::eui64'));
  const order = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return { links: read.links.map(maskLink), routes: [...read.routes].sort(order) };
}

/** What an idle veth is called depends on who has the other end's index here; see link-state.ts of the model. */
function maskLink(link: LinkSnapshot): LinkSnapshot {
  return { ...link, state: link.state === 'lower-layer-down' ? 'down' : link.state };
}
