import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Ended, Machine } from '../e2e/installation.ts';
import type { TestNamespace } from '../kernel/namespace.ts';
import type { Case } from './cases.ts';
import { dump } from './dump.ts';

/** One call, and what the machine was like after it. */
export interface Moment {
  readonly what: string;
  readonly ended: unknown;
  readonly state: unknown;
}

export interface Difference {
  readonly what: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/**
 * Two machines, one with Bulkhead's plugins and one with the reference's, that get the same calls.
 * What is allowed to differ is a list of improvements, in docs/differences.md.
 */
export class Twins implements Disposable {
  readonly #ours = new Machine();
  readonly #theirs = new Machine();
  readonly #reference: string;

  constructor(reference: string) {
    this.#reference = reference;
  }

  /** The first difference; undefined where there is none. */
  compare(one: Case): Difference | undefined {
    const ours = this.#live(this.#ours, this.#ours.binaries, one);
    const theirs = this.#live(this.#theirs, this.#reference, one);
    for (const [i, moment] of theirs.entries()) {
      const mine = ours[i];
      if (mine === undefined || isImproved(mine, moment)) return undefined;
      if (!isDeepStrictEqual(mine.ended, moment.ended))
        return { what: `${moment.what}: how it ended`, ours: mine.ended, theirs: moment.ended };
      if (!isDeepStrictEqual(mine.state, moment.state))
        return { what: `${moment.what}: the state after it`, ours: mine.state, theirs: moment.state };
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#ours[Symbol.dispose]();
    this.#theirs[Symbol.dispose]();
  }

  #live(machine: Machine, binaries: string, { config, args }: Case): readonly Moment[] {
    const text = JSON.stringify({ name: 'net', type: 'bridge', ...config }).replaceAll('{LEASES}', machine.leases);
    const configuration = JSON.parse(text) as object;
    const containers = ['c1', 'c2'].map((id) => ({ id, namespace: quietContainer(machine) }));
    quiet(machine, machine.host.path);
    const moments: Moment[] = [];
    const results = new Map<string, unknown>();
    const step = (verb: string, at: number) => {
      const { id, namespace } = containers[at] as (typeof containers)[number];
      const call = { verb, id, netns: namespace.path, ifname: 'eth0', args };
      const previous = verb === 'CHECK' ? { prevResult: results.get(id) } : {};
      const ended = machine.call('bridge', call, { ...configuration, ...previous }, binaries);
      if (verb === 'ADD') results.set(id, ended.json);
      moments.push({ what: `${verb} ${id}`, ended: told(ended, machine), state: stateOf(machine, containers) });
      return ended.status === 0;
    };
    try {
      if (step('ADD', 0) && step('ADD', 1)) step('CHECK', 0);
      for (const at of [0, 0, 1]) step('DEL', at);
      return moments;
    } finally {
      machine.run(machine.host.path, cleanUp);
      rmSync(machine.leases, { recursive: true, force: true });
      for (const { namespace } of containers) namespace.remove();
    }
  }
}

const cleanUp = [
  'ip link del cni0',
  'for i in $(ls /sys/class/net | grep ^veth); do ip link del $i; done',
  'echo 0 > /proc/sys/net/ipv4/ip_forward',
  'echo 0 > /proc/sys/net/ipv6/conf/all/forwarding',
  'nft flush ruleset',
].join(';');

/** Without detection of duplicates, whose end is the kernel's own time. */
function quiet(machine: Machine, path: string): void {
  machine.run(
    path,
    'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad',
  );
}

function quietContainer(machine: Machine): TestNamespace {
  const namespace = machine.container();
  quiet(machine, namespace.path);
  return namespace;
}

/**
 * Improvements after which there is nothing to compare any more: an ADD that failed is taken back, where the reference leaves the
 * bridge, the pair and its rules behind; a CHECK finds more, and passes networks without addresses; a DEL succeeds where theirs trips over rules.
 */
function isImproved(ours: Moment, theirs: Moment): boolean {
  const [mine, other] = [ours.ended as Told, theirs.ended as Told];
  // Two containers with one hardware address: whether the kernel notices in time is chance, on either side.
  if ([mine, other].some(({ message }) => message?.startsWith('failed to settle addresses'))) return true;
  if (theirs.what.startsWith('ADD')) return mine.status !== 0 && other.status !== 0 && saysTheSame(mine, other);
  return other.status !== 0 && mine.status === 0;
}

/** Ours says besides what the kernel was asked for: `failed to make veth pair: cannot create veth "eth0": file exists`. */
function saysTheSame(ours: Told, theirs: Told): boolean {
  const [mine, other] = [plain(ours.message), plain(theirs.message)];
  const at = other.lastIndexOf(': ');
  return mine === other || (at > 0 && mine.startsWith(other.slice(0, at)) && mine.endsWith(other.slice(at)));
}

/** 1.1 ends a sentence with a full stop, and each says in its own words what is wrong with an address or a route; the kernel's own are ours alone. */
function plain(message = ''): string {
  return (
    message
      .replace(/\.$/, '')
      .replace(/^(failed to add route).*?(: gateway, source, and destination ip are not the same IP family)?$/, '$1$2')
      // In the order of a map of Go's.
      .replace(
        /^(failed to allocate all requested IPs:) (.*)/,
        (_, what, all: string) => `${what} ${all.split(' ').sort().join(' ')}`,
      )
      .replace(/ \([^)]*\)$/, '')
      // A gateway of the other family than its address.
      .replace(
        /^(failed to set bridge addr: )(could not add IP address|.* different from [\d.]+\/(3[3-9]|[4-9]\d|1\d\d)$).*/,
        '$1',
      )
      // Of several that somebody else has, whichever was found first.
      .replace(/^(failed to settle addresses for "[^"]+"): .*(?:address already in use|in DADFAILED state)$/, '$1')
      // With a struct as Go prints it.
      .replace(/^(failed to add IP addr) .*( to "[^"]+": )(?:.*: )?([^:]*)$/, '$1$2$3')
  );
}

interface Told {
  readonly status: number | null;
  readonly message?: string | undefined;
  readonly result?: unknown;
}

function told({ status, stdout, json }: Ended, machine: Machine): Told {
  if (status !== 0) return { status, message: masked(json?.msg, machine) as string | undefined };
  const result = masked(stdout === '' ? {} : (json as object), machine) as Record<string, unknown>;
  // Which 1.9 leaves out of results, and 1.1 does not.
  if (JSON.stringify(result.dns) === '{}') delete result.dns;
  return { status, result };
}

function stateOf(machine: Machine, containers: readonly { readonly namespace: TestNamespace }[]): unknown {
  return masked(
    {
      host: dump(machine, machine.host.path),
      containers: containers.map(({ namespace }) => dump(machine, namespace.path)),
      leases: leasesOf(join(machine.leases, 'net')),
    },
    machine,
  );
}

function leasesOf(directory: string): unknown {
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true });
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );
}

/** Without what is drawn at random, or is each machine's own. */
function masked(value: unknown, machine: Machine): unknown {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value)
    .replaceAll(machine.directory, 'DIR')
    .replaceAll(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC')
    .replaceAll(/veth[0-9a-f]{8}/g, 'VETH')
    .replaceAll(/\/[^" ]*bulkhead-netns-[^"/]*\/net/g, 'NETNS');
  return sorted(JSON.parse(text));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.every((one) => typeof one === 'object')
      ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
