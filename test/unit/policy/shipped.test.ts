import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildGuest,
  type Called,
  createMemoryKernel,
  givenPlugins,
  type MemoryKernel,
  makeTestNode,
  type TestNode,
} from 'bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer } from '../../../host/calls/answer.ts';
import type { Ruling } from '../../../host/calls/guard.ts';
import type { Node } from '../../../host/calls/node.ts';
import type { NetworkNamespace } from '../../../host/kernel/kernel.ts';
import { parsePrefix } from '../../../host/net/prefix.ts';
import type { CompiledPolicy } from '../../../host/policy/compiled.ts';
import { defaultPolicyFile, readPolicy } from '../../../host/policy/read.ts';
import type { Rule } from '../../../host/policy/rule.ts';
import { RecordStore } from '../../../host/records/store.ts';

const guests = join(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))), 'guests');
const shipped = readPolicy(defaultPolicyFile);

let components: readonly Uint8Array[];
let bench: TestNode;
beforeAll(async () => {
  const built = ['loopback', 'bridge', 'host-local', 'static'].map((name) =>
    buildGuest({ directory: join(guests, name) }),
  );
  components = (await Promise.all(built)).map(({ component }) => component);
  bench = await makeTestNode(createMemoryKernel(), components);
}, 60_000);
afterAll(() => bench[Symbol.dispose]());

/** A host with one container, on which the plugins may do what the policy says. */
class Stage {
  readonly kernel: MemoryKernel = createMemoryKernel();
  readonly directory = mkdtempSync(join(tmpdir(), 'bulkhead-shipped-'));
  readonly container: NetworkNamespace;
  readonly rulings: Ruling[] = [];
  readonly failures: string[] = [];
  readonly logged: string[] = [];
  readonly #node: Node;
  previous: unknown;

  constructor(policy: CompiledPolicy) {
    this.kernel.addNamespace('/run/netns/a');
    this.container = this.kernel.openNamespace('/run/netns/a');
    this.#node = {
      ...bench.node,
      kernel: this.kernel,
      plugins: givenPlugins(components, policy),
      records: new RecordStore(join(this.directory, 'attachments')),
      notice: (ruling) => this.rulings.push(ruling),
      log: (level, line) => this.logged.push(`${level}: ${line}`),
    };
  }

  get leases(): string {
    return join(this.directory, 'leases');
  }

  call(type: string, verb: string, configuration: object, args = ''): Called {
    const environment = {
      ...{ CNI_COMMAND: verb, CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0' },
      ...{ CNI_PATH: '/nonexistent', CNI_ARGS: args },
    };
    const previous = verb === 'CHECK' ? { prevResult: this.previous } : {};
    const text = JSON.stringify({ cniVersion: '1.1.0', name: 'net', type, ...configuration, ...previous });
    const given = answer({ type, environment, readStdin: () => new TextEncoder().encode(text) }, () => this.#node);
    const json = given.stdout === '' ? undefined : JSON.parse(given.stdout);
    if (verb === 'ADD') this.previous = json;
    if (given.exitCode !== 0) this.failures.push(`${json.msg}`);
    return { ...given, json };
  }

  ipam(subnets: readonly string[], more: object = {}): object {
    const ranges = subnets.map((subnet) => [{ subnet }]);
    return { ipam: { type: 'host-local', dataDir: this.leases, ranges, ...more } };
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** All that a runtime does with a container, goes on past failures. */
function attach(stage: Stage, configuration: object, args = ''): void {
  for (const verb of ['STATUS', 'ADD', 'CHECK', 'DEL']) stage.call('bridge', verb, configuration, args);
}

const both = ['10.1.0.0/24', 'fd00::/64'];

/** Networks, as operators have them: together they need all that is granted. */
const networks: Readonly<Record<string, (stage: Stage) => void>> = {
  loopback(stage) {
    for (const verb of ['ADD', 'CHECK', 'DEL']) stage.call('loopback', verb, {});
  },
  'a bridge as the gateway of both families': (stage) =>
    attach(stage, { isGateway: true, ...stage.ipam(both, { routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] }) }),
  'one with default routes and a bridge of another name': (stage) =>
    attach(stage, { bridge: 'br0', isDefaultGateway: true, ...stage.ipam(both) }),
  'a runtime that starts containers without IPv6': (stage) => {
    stage.container.writeSysctl('ipv6/conf/lo/disable_ipv6', '1');
    stage.container.writeSysctl('ipv6/conf/default/disable_ipv6', '1');
    attach(stage, { isGateway: true, ...stage.ipam(['fd00::/64']) });
  },
  'a gateway that is not the bridge, and routes': (stage) => {
    const routes = [{ dst: '10.9.0.0/16', gw: '10.1.0.9' }, { dst: '10.8.0.0/16' }];
    attach(stage, stage.ipam(['10.1.0.0/24'], { routes }));
  },
  'a route of a family without addresses': (stage) => {
    attach(stage, stage.ipam(['10.1.0.0/24'], { routes: [{ dst: 'fd09::/64' }] }));
  },
  'another address of the bridge gives way': (stage) => {
    const bridge = stage.kernel.host.createLink({ name: 'cni0', plan: { kind: 'bridge' } });
    for (const text of ['10.7.0.1/24', 'fd00::7/64']) {
      const prefix = parsePrefix(text);
      if (prefix !== undefined) stage.kernel.host.addAddress(bridge.index, prefix);
    }
    attach(stage, { isGateway: true, forceAddress: true, ...stage.ipam(both) });
  },
  'name servers': (stage) => {
    const resolvConf = join(stage.directory, 'resolv.conf');
    writeFileSync(resolvConf, 'nameserver 10.1.0.53\n');
    attach(stage, stage.ipam(['10.1.0.0/24'], { resolvConf }));
  },
  'a switch with an MTU': (stage) => attach(stage, { mtu: 1400 }),
  'an MTU that the bridge has not': (stage) => {
    stage.kernel.host.createLink({ name: 'cni0', plan: { kind: 'bridge' } });
    attach(stage, { mtu: 1400 });
  },
  'ports that are hairpins': (stage) => attach(stage, { hairpinMode: true }),
  'a bridge that takes in all frames': (stage) => attach(stage, { promiscMode: true }),
  'a hardware address of CNI_ARGS': (stage) => attach(stage, {}, 'MAC=02:00:00:00:00:01'),
  'one of the configuration': (stage) => attach(stage, { args: { cni: { mac: '02:00:00:00:00:02' } } }),
  'one of the runtime': (stage) => attach(stage, { runtimeConfig: { mac: '02-00-00-00-00-03' } }),
  'leases in a directory that is spelled with a slash at its end': (stage) =>
    attach(stage, stage.ipam(['10.1.0.0/24'], { dataDir: `${stage.leases}/` })),
  'ports that are isolated': (stage) => attach(stage, { portIsolation: true }),
  'masqueraded addresses': (stage) => attach(stage, { ipMasq: true, ...stage.ipam(both) }),
  'guarded hardware addresses': (stage) => attach(stage, { macspoofchk: true }),
  'a VLAN': (stage) => attach(stage, { vlan: 5 }),
  'a VLAN with a trunk': (stage) => attach(stage, { vlan: 5, vlanTrunk: [{ minID: 7, maxID: 9 }, { id: 11 }] }),
  'a trunk': (stage) => attach(stage, { vlanTrunk: [{ id: 11 }] }),
  'a gateway in a VLAN': (stage) => attach(stage, { vlan: 5, isGateway: true, mtu: 1400, ...stage.ipam(both) }),
  'a gateway in a VLAN where another address gives way': (stage) => {
    attach(stage, { vlan: 5, isGateway: true, ...stage.ipam(['10.7.0.0/24', 'fd00::/48']) });
    attach(stage, { vlan: 5, isGateway: true, forceAddress: true, ...stage.ipam(both) });
  },
  'duplicates that are looked for': (stage) => attach(stage, { enabledad: true, ...stage.ipam(both) }),
  'addresses of the configuration': (stage) =>
    attach(stage, { ipam: { type: 'static', addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }] } }),
};

interface Ended {
  readonly rulings: readonly Ruling[];
  readonly failures: readonly string[];
  readonly logged: readonly string[];
}

function run(network: string, policy = shipped): Ended {
  using stage = new Stage(policy);
  networks[network]?.(stage);
  return stage;
}

function withRule(type: string, i: number, rule: Rule | undefined): CompiledPolicy {
  const plugin = shipped.plugins[type];
  if (plugin === undefined) throw new Error(`there is no plugin ${type}`);
  const rules = rule === undefined ? plugin.rules.toSpliced(i, 1) : plugin.rules.with(i, rule);
  return { ...shipped, plugins: { ...shipped.plugins, [type]: { ...plugin, rules } } };
}

/** Each way to take something out of a rule that has more than one thing in it: an item of a list, or a property that may be set. */
function* narrowed(rule: Rule): Generator<readonly [string, Rule]> {
  for (const [key, value] of Object.entries(rule)) {
    if (Array.isArray(value))
      yield* without(value).map(([item, left]) => [`${key} ${item}`, { ...rule, [key]: left }] as const);
  }
  for (const [key, values] of Object.entries(rule.set ?? {})) {
    const { [key]: _, ...others } = rule.set ?? {};
    if (Object.keys(others).length > 0) yield [`set.${key}`, { ...rule, set: others }];
    for (const [item, left] of without(values))
      yield [`set.${key} ${item}`, { ...rule, set: { ...rule.set, [key]: left } }];
  }
}

function without<T>(list: readonly T[]): (readonly [T, readonly T[]])[] {
  return list.length < 2 ? [] : list.map((item, i) => [item, list.toSpliced(i, 1)]);
}

/** Networks that use the rule where everything is granted. */
function users(type: string, line: number): readonly string[] {
  usedLines ??= new Map(
    Object.keys(networks).map((name) => [
      name,
      new Set(run(name).rulings.map((ruling) => `${ruling.plugin} ${ruling.line}`)),
    ]),
  );
  return [...usedLines].flatMap(([name, lines]) => (lines.has(`${type} ${line}`) ? [name] : []));
}
let usedLines: Map<string, Set<string>> | undefined;

/** A denial of that kind, in the first network that there is one in. */
function denialBy(policy: CompiledPolicy, type: string, { allow, line }: Rule) {
  for (const network of users(type, line)) {
    const { rulings, failures, logged } = run(network, policy);
    const denied = rulings.find(
      ({ plugin, access, decision }) => plugin === type && access.kind === allow && decision === 'denied',
    );
    if (denied !== undefined) return { denied, failures, logged };
  }
  return undefined;
}

describe('the policy that ships', () => {
  test.each(Object.keys(networks))('grants all that a network needs: %s', (network) => {
    const { rulings, failures } = run(network);
    expect(failures).toEqual([]);
    expect(rulings.filter(({ decision }) => decision !== 'allowed')).toEqual([]);
    expect(rulings.length).toBeGreaterThan(0);
  });

  const rules = Object.entries(shipped.plugins).flatMap(([type, { rules: all }]) =>
    all.map((rule, i) => [type, `${rule.allow} (line ${rule.line})`, i, rule] as const),
  );

  test.each(rules)('grants %s nothing that it could do without: %s', (type, _, i, rule) => {
    const found = denialBy(withRule(type, i, undefined), type, rule);
    if (found === undefined) throw new Error(`no network needs it; used by: ${users(type, rule.line).join(', ')}`);
    const { denied, failures, logged } = found;
    expect(denied.reason).toMatch(`the policy does not let ${type} `);
    expect(denied.reason).toMatch(`it would with: - ${rule.allow}`);
    // What a plugin does without is in its log.
    const told = [...failures, ...logged].some((text) => text.includes(`it would with: - ${rule.allow}`));
    expect(told || rule.allow === 'log').toBe(true);
  });

  test('grants no value that could be left out', () => {
    const unneeded = rules.flatMap(([type, label, i, rule]) =>
      [...narrowed(rule)].flatMap(([what, left]) =>
        denialBy(withRule(type, i, left), type, rule) === undefined ? [`${type}: ${label}: ${what}`] : [],
      ),
    );
    expect(unneeded).toEqual([]);
  }, 120_000);
});
