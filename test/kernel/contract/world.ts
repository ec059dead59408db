import { expect } from 'vitest';
import { KernelError, StepError } from '../../../host/kernel/errors.ts';
import type { Kernel, Link, NetworkNamespace } from '../../../host/kernel/kernel.ts';
import { ip } from '../../../host/net/ip.ts';
import { parseMac } from '../../../host/net/mac.ts';
import { parsePrefix } from '../../../host/net/prefix.ts';
import { type ErrnoName, errnoName } from '../../../host/system/errno.ts';
import { sleep } from '../../../host/system/sleep.ts';

/** Two fresh namespaces of one kernel. */
export interface World extends Disposable {
  readonly kernel: Kernel;
  readonly host: NetworkNamespace;
  readonly sandbox: NetworkNamespace;
  /** Of the sandbox, to be opened again. */
  readonly sandboxPath: string;
  /** Whether bridges know VLANs. Machines are built with and without. */
  readonly bridgeVlans: boolean;
}

/** One thing that both kernels do, in words. */
export interface Behaviour {
  readonly name: string;
  readonly run: (world: World) => void;
  /** Needs bridges that know VLANs. */
  readonly bridgeVlans?: boolean;
}

export { ip };

export function prefix(text: string) {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

export function mac(text: string) {
  const parsed = parseMac(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

/** A veth pair: `veth0` on the host, `eth0` in the sandbox, both down. */
export function makeVeth({ host, sandbox }: World, name = 'veth0', peerName = 'eth0') {
  const port = host.createLink({ name, plan: { kind: 'veth', peerName, peerNamespace: sandbox } });
  return { port: port.index, eth: indexOf(sandbox, peerName) };
}

/** The same, up on both sides, with IPv6 addresses usable at once. */
export function makeRunningVeth(world: World, name = 'veth0', peerName = 'eth0') {
  const { port, eth } = makeVeth(world, name, peerName);
  world.sandbox.writeSysctl(`ipv6/conf/${peerName}/accept_dad`, '0');
  world.host.writeSysctl(`ipv6/conf/${name}/accept_dad`, '0');
  world.host.changeLink(port, { up: true });
  world.sandbox.changeLink(eth, { up: true });
  world.sandbox.waitUntilUp(eth, 2000);
  return { port, eth };
}

export function makeBridge({ host }: World, name = 'cni0') {
  return host.createLink({ name, plan: { kind: 'bridge' } }).index;
}

export function indexOf(namespace: NetworkNamespace, name: string): number {
  return linkOf(namespace, name).index;
}

export function linkOf(namespace: NetworkNamespace, name: string): Link {
  const link = namespace.linkByName(name);
  if (link === undefined) throw new Error(`there is no link ${name}`);
  return link;
}

/** Destinations of the main table with their gateways and links: `0.0.0.0/0 via 10.1.0.1 eth0`. */
export function routesOf(namespace: NetworkNamespace, table = 254): string[] {
  const names = new Map(namespace.links().map(({ index, name }) => [index, name]));
  return namespace.routes({ table }).map(({ destination, gateway, index }) => {
    return [destination, gateway && `via ${gateway}`, index && names.get(index)].filter(Boolean).join(' ');
  });
}

export function prefixesOf(namespace: NetworkNamespace, index: number): string[] {
  return namespace.addresses(index).map(({ prefix }) => prefix);
}

/** Link-local addresses come by themselves, at a time of their own. */
export function withoutLinkLocal(texts: readonly string[]): string[] {
  return texts.filter((text) => !text.startsWith('fe80:'));
}

export function expectErrno(action: () => unknown, errno: ErrnoName, words?: string | RegExp): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof KernelError)) expect.fail(`expected KernelError ${errno}, got ${thrown ?? 'success'}`);
  expect(`${errnoName(thrown.errno)}: ${thrown.message}`).toContain(`${errno}: `);
  if (words !== undefined) expect(thrown.message).toMatch(words);
}

/** The kernel does some things later: link states up to a second (net/core/link_watch.c), link-local addresses. */
export function eventually(assertion: () => void): void {
  for (let tries = 0; tries < 250; tries++) {
    try {
      assertion();
      return;
    } catch {
      sleep(10);
    }
  }
  assertion();
}

/** What was thrown, which has to be a StepError. */
export function stepErrorOf(body: () => void): StepError {
  try {
    body();
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
