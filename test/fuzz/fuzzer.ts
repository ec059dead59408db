import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Answer, answer } from '../../host/calls/answer.ts';
import { filesOf, type Node } from '../../host/calls/node.ts';
import { built } from '../../host/cli/project.ts';
import { LeaseStore } from '../../host/ipam/store.ts';
import { createMemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { SharedLocks } from '../../host/operations/locks.ts';
import type { CompiledPolicy } from '../../host/policy/compiled.ts';
import { defaultPolicyFile, readPolicy } from '../../host/policy/read.ts';
import { RecordStore } from '../../host/records/store.ts';
import { givenPlugins, makeTestNode, type TestNode } from '../../host/testing/testing.ts';
import { type Dump, difference } from './dump.ts';
import { buildHostilePlugin } from './guest-build.ts';
import { describeCall, WatchedEngine } from './watched-engine.ts';
import { type KernelName, makeWorld, type World } from './world.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** `granted`: the plugin may do everything, and only the host's own health is looked at. */
export type Mode = 'enforce' | 'granted';

export interface Run {
  readonly kernel: KernelName;
  readonly mode: Mode;
  readonly seed: number;
  /** Host calls that the plugin's ADD tries to make. */
  readonly steps: number;
}

/** Something that must not be. */
export interface Finding {
  readonly run: Run;
  readonly what: string;
  readonly details: readonly string[];
}

/** Hostile plugins against a host, one world a run. */
export class Fuzzer implements Disposable {
  readonly engine: WatchedEngine;
  readonly #test: TestNode;
  readonly #components: readonly Uint8Array[];
  readonly #policy: CompiledPolicy;
  #descriptors: number | undefined;

  private constructor(test: TestNode, components: readonly Uint8Array[], digest: string) {
    this.#test = test;
    this.#components = components;
    this.engine = new WatchedEngine(test.node.engine, digest);
    const [shipped, hostile] = [readPolicy(defaultPolicyFile), readPolicy(join(here, 'policy.yaml'))];
    this.#policy = { ...shipped, plugins: { ...shipped.plugins, ...hostile.plugins } };
  }

  static async open(): Promise<Fuzzer> {
    const { component, digest } = await buildHostilePlugin();
    const released = ['bridge', 'host-local'].map((name) => readFileSync(join(built.plugins, `${name}.wasm`)));
    const components = [component, ...released];
    return new Fuzzer(await makeTestNode(createMemoryKernel(), components), components, digest);
  }

  run(run: Run): Finding[] {
    const before = descriptors();
    const findings = this.#inWorld(run);
    // The first run opens what stays open.
    const now = descriptors();
    if (this.#descriptors !== undefined && now > this.#descriptors) {
      findings.push({ run, what: 'descriptors stay open', details: [`${before} before, ${now} after`] });
    }
    this.#descriptors = Math.max(now, this.#descriptors ?? 0);
    return findings;
  }

  [Symbol.dispose](): void {
    this.#test[Symbol.dispose]();
  }

  #inWorld(run: Run): Finding[] {
    using world = makeWorld(run.kernel);
    const logged: string[] = [];
    const { granted } = { granted: { ...this.#policy, plugins: withoutFuzz(this.#policy) } };
    const node: Node = {
      ...this.#test.node,
      kernel: world.kernel,
      engine: this.engine,
      plugins: givenPlugins(this.#components, run.mode === 'granted' ? granted : this.#policy),
      records: new RecordStore(join(world.directory, 'attachments')),
      locks: new SharedLocks(join(world.directory, 'locks')),
      leases: new LeaseStore(join(world.directory, 'indexes')),
      limits: { ...this.#test.node.limits, time: 3000, memory: 64 * 1024 * 1024, hostCalls: 100_000 },
      log: (level, line) => logged.push(`${level}: ${line}`),
    };
    using _files = filesOf(node);
    return new Attack(run, world, node, this.engine, logged).carryOut();
  }
}

function withoutFuzz({ plugins }: CompiledPolicy): CompiledPolicy['plugins'] {
  const { fuzz: _, ...others } = plugins;
  return others;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

interface State {
  readonly own: Dump;
  readonly host: Dump;
  /** Other pods' sandboxes. */
  readonly others: readonly Dump[];
  readonly leases: Dump;
  readonly records: Dump;
}

/** What a host must not say: words of its own errors. */
const internal =
  /a host function failed|host gave|expected a |TypeError|ReferenceError|SyntaxError|\bERR_|\n\s+at |undefined|is not a function/;
/** Words of V8 for what a guest did wrong. */
const trapped = /the guest trapped: /;

/** One run: others are attached, the hostile plugin comes and goes, and what it did is looked at. */
class Attack {
  readonly #run: Run;
  readonly #world: World;
  readonly #node: Node;
  readonly #engine: WatchedEngine;
  readonly #logged: string[];
  readonly #findings: Finding[] = [];
  readonly #thread = ownNamespace();
  readonly #gentle: boolean;

  constructor(run: Run, world: World, node: Node, engine: WatchedEngine, logged: string[]) {
    this.#run = run;
    this.#world = world;
    this.#node = node;
    this.#engine = engine;
    this.#logged = logged;
    this.#gentle = run.seed % 3 !== 0;
  }

  carryOut(): Finding[] {
    for (const pod of [1, 2]) this.#mustSucceed(this.#bridge('ADD', pod), `attaching pod ${pod}`);
    const before = this.#state();
    const { added, result } = this.#add();
    if (added) this.#check(this.#afterAdd(before, result), result);
    else this.#afterFailure(before);
    this.#del(before, result);
    this.#isWell();
    return this.#findings;
  }

  #add(): { readonly added: boolean; readonly result: unknown } {
    const { exitCode, json } = this.#fuzz('ADD', {});
    return { added: exitCode === 0, result: json };
  }

  #afterAdd(before: State, result: unknown): State {
    if (this.#run.mode === 'granted') return this.#state();
    const after = this.#same('after an ADD, outside of its grant', before, outsideGrant);
    for (const one of trespasses(before, after)) this.#find('beyond its grant', [one]);
    this.#resultIsTrue(result, after);
    return after;
  }

  /**
   * A gentle plugin keeps from what cannot be taken back exactly on links that are not its own (docs/architecture.md); with others, the link
   * that they may change is left out, and where everything is granted, all.
   */
  #afterFailure(before: State): void {
    const { mode } = this.#run;
    if (mode === 'granted' && !this.#gentle) return;
    this.#same('after a failed ADD', before, (state) => {
      const own = this.#gentle ? state.own : state.own.filter(({ link }) => !/^eth5/.test(link));
      const leases = withoutCursors(state.leases);
      return mode === 'granted' ? onlyOwn(state) : { ...state, own, leases };
    });
  }

  #check(before: State, result: unknown): void {
    this.#fuzz('CHECK', { prevResult: result });
    this.#same('after a CHECK', before, (state) => state);
  }

  /** Its own DEL may end in any way; one of a plugin that does nothing then has to succeed, and all that ADD made is gone. */
  #del(before: State, result: unknown): void {
    this.#fuzz('DEL', { prevResult: result });
    this.#mustSucceed(this.#fuzz('DEL', { prevResult: result, delSteps: 0 }), 'a DEL of a plugin that does nothing');
    if (this.#run.mode === 'granted') return;
    this.#same('after DEL', before, (state) => ({
      ...outsideGrant(state),
      host: state.host,
      leases: withoutCursors(state.leases),
    }));
  }

  /** Where everything was granted, the bridge and the other pods may be anything by now; the next world shows whether the host is well. */
  #isWell(): void {
    if (this.#run.mode === 'granted') return;
    const added = this.#bridge('ADD', 0);
    this.#mustSucceed(added, 'a bridge ADD afterwards');
    this.#mustSucceed(this.#bridge('CHECK', 0, { prevResult: added.json }), 'a bridge CHECK afterwards');
    for (const pod of [0, 1, 2]) this.#mustSucceed(this.#bridge('DEL', pod), `a bridge DEL of pod ${pod} afterwards`);
  }

  #resultIsTrue(result: unknown, { own, leases }: State): void {
    const { interfaces = [], ips = [] } = result as {
      readonly interfaces?: readonly { readonly name: string; readonly sandbox?: string }[];
      readonly ips?: readonly { readonly address: string }[];
    };
    for (const { name, sandbox = '' } of interfaces) {
      const isOwn = sandbox === '' || sandbox === this.#world.sandboxes[0];
      if (!isOwn) this.#find('the result names a foreign sandbox', [`${name} in ${sandbox}`]);
    }
    for (const { address } of ips) {
      const [ip = '', length = ''] = address.split('/');
      const spellings = [`"prefix":"${address}"`, `"local":"${ip}","prefixlen":${length}`];
      const isThere = own.some(({ text }) => spellings.some((one) => text.includes(one)));
      const isLeased = /^10\.99\.1\./.test(ip) && leases.some(({ link }) => link === ip);
      if (!isThere && !isLeased)
        this.#find('the result names an address of somebody else', [address, ...this.#trace()]);
    }
  }

  #fuzz(verb: string, more: object): Called {
    const { seed, steps } = this.#run;
    const { kernel, sandboxes, directory } = this.#world;
    const endings = ['truth', 'truth', 'lies', 'failure', 'outrage', 'truth', 'lies', 'failure'];
    const configuration = {
      cniVersion: '1.1.0',
      name: 'net',
      type: 'fuzz',
      seed,
      steps,
      checkSteps: Math.ceil(steps / 10),
      delSteps: Math.ceil(steps / 10),
      gentle: this.#gentle,
      ending: endings[seed % endings.length],
      sandbox: sandboxes[0],
      sandboxes,
      links: [...kernel.host.links().map(({ name }) => name), 'keep0', 'cni0'],
      paths: ['resolv.conf', 'secret'].map((file) => join(directory, file)),
      ipam: {
        type: this.#delegateType,
        dataDir: join(directory, 'networks'),
        subnet: '10.99.1.0/24',
        resolvConf: join(directory, 'resolv.conf'),
      },
      ...more,
    };
    return this.#call('fuzz', verb, 0, 'eth0', configuration);
  }

  get #delegateType(): string {
    const { seed } = this.#run;
    return seed % 11 === 2 ? 'nowhere' : 'host-local';
  }

  #bridge(verb: string, pod: number, more: object = {}): Called {
    return this.#call('bridge', verb, pod, pod === 0 ? 'eth9' : 'eth0', {
      cniVersion: '1.1.0',
      name: 'net',
      type: 'bridge',
      bridge: 'cni0',
      isDefaultGateway: true,
      ipam: {
        type: 'host-local',
        dataDir: join(this.#world.directory, 'networks'),
        ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]],
      },
      ...more,
    });
  }

  #call(type: string, verb: string, pod: number, interfaceName: string, configuration: object): Called {
    const environment = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: `pod${pod}`,
      CNI_NETNS: this.#world.sandboxes[pod],
      CNI_IFNAME: interfaceName,
      CNI_PATH: '/nonexistent',
    };
    this.#engine.begin();
    this.#logged.length = 0;
    const stdin = new TextEncoder().encode(JSON.stringify(configuration));
    const given = answer({ type, environment, readStdin: () => stdin }, () => this.#node);
    const called = { ...given, json: this.#document(verb, given) };
    for (const one of this.#engine.unexpected) this.#find('an error of the host', [one]);
    for (const line of this.#logged) {
      const own = line.replace(/^\w+: fuzz: .*/s, '');
      const isLeft = this.#run.mode === 'enforce' && own.includes('roll-back:');
      if (internal.test(own) || isLeft) this.#find('the host logs an error of its own', [line, ...this.#trace()]);
    }
    if (ownNamespace() !== this.#thread) this.#find('the thread is in another namespace', this.#trace());
    return called;
  }

  /** Nothing, or one JSON document of the kind that the exit status says. */
  #document(verb: string, { stdout, exitCode }: Answer): unknown {
    if (exitCode === 0 && verb !== 'ADD') {
      if (stdout !== '') this.#find('something on stdout', [stdout]);
      return undefined;
    }
    let json: { readonly code?: unknown; readonly msg?: unknown; readonly cniVersion?: unknown };
    try {
      json = JSON.parse(stdout);
    } catch {
      this.#find('no JSON document on stdout', [stdout]);
      return {};
    }
    if (exitCode === 0) {
      if (typeof json.cniVersion !== 'string') this.#find('no result', [stdout]);
      return json;
    }
    if (typeof json.code !== 'number' || typeof json.msg !== 'string') this.#find('no error object', [stdout]);
    else if (internal.test(json.msg) && !trapped.test(json.msg) && !this.#chose(json.msg))
      this.#find("an error of the host's own", [json.msg, ...this.#trace()]);
    return json;
  }

  /** Whether the words are the plugin's. */
  #chose(message: string): boolean {
    return this.#engine.made.some(({ name }) => name === 'exit#fail') && !message.startsWith('plugin fuzz: ');
  }

  #mustSucceed({ exitCode, stdout }: Answer, what: string): void {
    if (exitCode !== 0) this.#find(`${what} fails`, [stdout, ...this.#logged, ...this.#trace()]);
  }

  #state(): State {
    const [own = [], a = [], b = [], host = []] = this.#world.dump();
    const { files } = this.#world;
    return { own, host, others: [a, b], leases: files('networks'), records: files('attachments') };
  }

  /** Looks whether what there is, as seen, is as before. Some of what a kernel does it does a moment later. */
  #same(when: string, before: State, seen: (state: State) => State): State {
    let now = this.#state();
    let lines = differences(seen(before), seen(now));
    for (let turn = 0; turn < 20 && lines.length > 0 && this.#run.kernel === 'linux'; turn++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      now = this.#state();
      lines = differences(seen(before), seen(now));
    }
    if (lines.length > 0) this.#find(`changed ${when}`, [...lines, ...this.#trace()]);
    return now;
  }

  #find(what: string, details: readonly string[]): void {
    this.#findings.push({ run: this.#run, what, details });
  }

  /** What the plugin did, and how it ended. */
  #trace(): string[] {
    const { made } = this.#engine;
    const reading = /#(all|byName|byIndex|read|get|held|isReady|open|write|status|check)$/;
    const done = made.filter(({ name, end }) => end === 'ok' && (!reading.test(name) || name === 'sysctls#write'));
    return ['done:', ...done.slice(-60).map(describeCall), 'last:', ...made.slice(-5).map(describeCall)];
  }
}

interface Called extends Answer {
  readonly json: unknown;
}

function ownNamespace(): string {
  return readlinkSync('/proc/thread-self/ns/net');
}

/** Links in the sandbox that the policy lets the plugin make and change; of the host's, those it may make. */
const ownLink = /^eth/;
const hostLink = /^(fz.*|veth[0-9a-f]{8})$/;

function outsideGrant({ own, host, others, leases, records }: State): State {
  return {
    own: own.filter(({ link }) => !ownLink.test(link)),
    // Other pods' ends have such names too: they have ports, and are looked at as ports.
    host: host.filter(({ link, text }) => !hostLink.test(link) || /"(master|controller)":"cni0/.test(text)),
    others,
    leases: withoutCursors(leases).filter(({ link }) => !/^(10\.99\.[01]\.|fd99::)/.test(link)),
    records: records.filter(
      ({ text }) => !/"type":"(fuzz|host-local)".*"pod0"|"pod0".*"type":"(fuzz|host-local)"/.test(text),
    ),
  };
}

/** Facts about links that it may change which the policy does not let it bring about. */
function trespasses(before: State, { own, host }: State): string[] {
  const old = new Set([...before.own, ...before.host].map(({ text }) => text));
  const isNew = ({ text }: { readonly text: string }) => !old.has(text);
  const inSandbox = own.filter((one) => isNew(one) && ownLink.test(one.link));
  const onHost = host.filter((one) => isNew(one) && hostLink.test(one.link));
  return [...inSandbox.filter(({ text }) => !mayBeOwn(text)), ...onHost.filter(({ text }) => !mayBeOnHost(text))].map(
    ({ text }) => text,
  );
}

const addresses4 = /"(?:local|prefix)":"(\d+\.\d+\.\d+\.\d+)/g;
const addresses6 = /"(?:local|prefix)":"([0-9a-f:]*:[0-9a-f:]+)/g;

/** In the sandbox: addresses of 10.99.0.0/24 and fd99::/64, routes to 10.99.0.0/16 and what comes with addresses. */
function mayBeOwn(text: string): boolean {
  if (text.startsWith('sysctl ')) return true;
  if (text.startsWith('route ')) return /"(?:dst|destination)":"(10\.99\.|fd99:|fe80:|ff00:|multicast)/.test(text);
  const v4 = [...text.matchAll(addresses4)].every(([, ip = '']) => /^10\.99\.0\./.test(ip));
  return v4 && [...text.matchAll(addresses6)].every(([, ip = '']) => /^(fd99::|fe80:)/.test(ip));
}

/** On the host: the end of a veth, without addresses of its own, and in no bridge. */
function mayBeOnHost(text: string): boolean {
  if (text.startsWith('sysctl ')) return true;
  if (text.startsWith('route ')) return /"(?:dst|destination)":"(fe80:|ff00:|multicast)/.test(text);
  if (text.startsWith('link ') && !/"(?:info_kind|kind)":"veth"/.test(text)) return false;
  if (/"master":|"controller":"/.test(text)) return false;
  return (
    [...text.matchAll(addresses4)].length === 0 &&
    [...text.matchAll(addresses6)].every(([, ip = '']) => ip.startsWith('fe80:'))
  );
}

/** They say where to go on, and nobody minds. */
function withoutCursors(leases: Dump): Dump {
  return leases.filter(({ link }) => !/^(last_reserved_ip\.\d+|lock)$/.test(link));
}

function onlyOwn({ own }: State): State {
  return { own, host: [], others: [], leases: [], records: [] };
}

function differences(before: State, after: State): string[] {
  const of = (place: string, a: Dump, b: Dump) => difference(a, b).map((line) => `${place}: ${line}`);
  return [
    ...of('sandbox', before.own, after.own),
    ...of('host', before.host, after.host),
    ...before.others.flatMap((one, i) => of(`pod ${i + 1}`, one, after.others[i] ?? [])),
    ...of('leases', before.leases, after.leases),
    ...of('records', before.records, after.records),
  ];
}
