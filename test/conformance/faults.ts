import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly stdout: string;
}

// biome-ignore lint/suspicious/noExplicitAny: configurations and results of any form, which faults spoil
type Json = any;

/** The call that a planted plugin has to answer. */
export interface Planted {
  readonly verb: string;
  /** What came on stdin. */
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly configuration: Json;
  /** What the unbroken plugin makes of the call, or of another. */
  real(changes?: { readonly environment?: Record<string, string>; readonly configuration?: unknown }): Answer;
  /** Runs a command on the host. */
  shell(command: string): void;
  /** Whether nobody has asked with this key before. */
  isFirst(key: string): boolean;
}

interface Fault {
  readonly name: string;
  readonly type: 'loopback' | 'bridge' | 'host-local' | 'static';
  /** Checks that have to fail for it, each of them. */
  readonly caughtBy: readonly string[];
  /** It reads stdin to its end for VERSION, too. */
  readonly waitsForEnd?: true;
  plugin(call: Planted): Answer | undefined | Promise<Answer | undefined>;
}

const ok = (stdout: unknown = ''): Answer => ({
  status: 0,
  stdout: typeof stdout === 'string' ? stdout : JSON.stringify(stdout),
});
const failed = (code: number, msg: string): Answer => ({ status: 1, stdout: JSON.stringify({ code, msg }) });

/** The real result, spoilt: nothing where there is none. */
function spoil(call: Planted, verb: string, change: (result: Json) => unknown): Answer | undefined {
  if (call.verb !== verb) return undefined;
  const answer = call.real();
  return answer.status === 0 ? ok(change(JSON.parse(answer.stdout))) : answer;
}

/** The real error, spoilt. */
function spoilError(call: Planted, change: (answer: Answer) => Answer): Answer {
  const answer = call.real();
  return answer.status === 0 ? answer : change(answer);
}

/** Where host-local keeps the leases of the network. */
const leasesOf = ({ configuration: { ipam, name } }: Planted) => join(ipam.dataDir, name);

/** Removes all leases in a directory. */
function removeLeases(directory: string): void {
  for (const name of readdirSync(directory)) if (/^[\d.]+$/.test(name)) rmSync(join(directory, name));
}

const valid = 'cni.dev/valid-attachments';

/** Small broken plugins, each wrong in one way, and the checks that have to see it. */
export const faults: readonly Fault[] = [
  {
    name: 'prints a line before the result',
    type: 'bridge',
    caughtBy: ['bridge-result-1-0-0', 'bridge-output-is-one-document'],
    plugin(call) {
      const { status, stdout } = call.real();
      return { status, stdout: `bridge: ${call.verb}\n${stdout}` };
    },
  },
  {
    name: 'ends with exit status 0 after an error',
    type: 'loopback',
    caughtBy: ['loopback-error-has-code-and-message', 'loopback-add-without-containerid'],
    plugin: (call) => spoilError(call, ({ stdout }) => ok(stdout)),
  },
  {
    name: 'has no code in its errors',
    type: 'loopback',
    caughtBy: ['loopback-error-has-code-and-message'],
    plugin: (call) =>
      spoilError(call, ({ status, stdout }) => ({ status, stdout: JSON.stringify({ msg: JSON.parse(stdout).msg }) })),
  },
  {
    name: 'has its code as text in its errors',
    type: 'static',
    caughtBy: ['static-error-has-code-and-message'],
    plugin: (call) =>
      spoilError(call, ({ status, stdout }) => ({ status, stdout: stdout.replace(/"code": (\d+)/, '"code": "$1"') })),
  },
  {
    name: 'prints errors that are no JSON',
    type: 'host-local',
    caughtBy: ['host-local-error-has-code-and-message', 'host-local-exhausted'],
    plugin: (call) =>
      spoilError(call, ({ status, stdout }) => ({ status, stdout: `error: ${JSON.parse(stdout).msg}\n` })),
  },
  {
    name: 'has one error code for everything',
    type: 'bridge',
    caughtBy: ['bridge-add-without-ifname', 'bridge-add-config-without-name', 'bridge-add-config-unknown-version'],
    plugin: (call) => spoilError(call, ({ stdout }) => failed(999, JSON.parse(stdout).msg)),
  },
  {
    name: 'crashes at input that is no JSON',
    type: 'static',
    caughtBy: ['static-add-config-not-json', 'static-add-config-empty'],
    plugin: (call) =>
      call.verb !== 'VERSION' && Object.keys(call.configuration).length === 0 ? { status: 2, stdout: '' } : undefined,
  },
  {
    name: 'does not tell its versions',
    type: 'host-local',
    caughtBy: ['host-local-version-lists-versions'],
    plugin: (call) => spoil(call, 'VERSION', ({ cniVersion }) => ({ cniVersion })),
  },
  {
    name: 'hangs at VERSION while stdin is open',
    type: 'loopback',
    caughtBy: ['loopback-version-with-open-stdin'],
    waitsForEnd: true,
    plugin: () => undefined,
  },
  {
    name: 'needs CNI_PATH for VERSION',
    type: 'bridge',
    caughtBy: ['bridge-version-needs-only-command'],
    plugin: (call) =>
      call.verb === 'VERSION' && !call.environment.CNI_PATH ? failed(4, 'CNI_PATH is missing') : undefined,
  },
  {
    name: 'takes an unknown command for DEL',
    type: 'bridge',
    caughtBy: ['bridge-unknown-command'],
    plugin: (call) =>
      /^(ADD|CHECK|GC|STATUS|VERSION)$/.test(call.verb)
        ? undefined
        : call.real({ environment: { CNI_COMMAND: 'DEL' } }),
  },
  {
    name: 'makes up a container id',
    type: 'bridge',
    caughtBy: ['bridge-add-without-containerid', 'bridge-all-missing-are-named'],
    plugin: (call) =>
      call.environment.CNI_CONTAINERID ? undefined : call.real({ environment: { CNI_CONTAINERID: 'unknown' } }),
  },
  {
    name: 'mends interface names that cannot be',
    type: 'bridge',
    caughtBy: ['bridge-add-invalid-ifname'],
    plugin: ({ environment: { CNI_IFNAME = '' }, real }) =>
      real({ environment: { CNI_IFNAME: CNI_IFNAME.replace(/[^\w.]/g, '').slice(0, 15) } }),
  },
  {
    name: 'mends network names that are none',
    type: 'loopback',
    caughtBy: ['loopback-add-config-invalid-name'],
    plugin: ({ verb, configuration, real }) =>
      verb !== 'VERSION' && typeof configuration.name === 'string'
        ? real({ configuration: { ...configuration, name: configuration.name.replace(/\W/g, '') || 'x' } })
        : undefined,
  },
  {
    name: 'takes any version',
    type: 'static',
    caughtBy: ['static-add-config-unknown-version', 'static-add-config-malformed-version'],
    plugin: ({ verb, configuration, real }) =>
      typeof configuration.cniVersion === 'string' &&
      verb !== 'VERSION' &&
      !/^(0\.[1-4]\.[01]|1\.[01]\.0)$/.test(configuration.cniVersion)
        ? real({ configuration: { ...configuration, cniVersion: '1.0.0' } })
        : undefined,
  },
  {
    name: 'answers in 1.0.0 whatever it is asked in',
    type: 'bridge',
    caughtBy: ['bridge-result-0-4-0', 'bridge-result-0-2-0'],
    plugin: (call) =>
      call.verb === 'ADD' ? call.real({ configuration: { ...call.configuration, cniVersion: '1.0.0' } }) : undefined,
  },
  {
    name: 'relabels results, and leaves their form',
    type: 'host-local',
    caughtBy: ['host-local-result-0-3-1', 'host-local-result-0-1-0'],
    plugin({ verb, configuration, real }) {
      if (verb !== 'ADD') return undefined;
      const answer = real({ configuration: { ...configuration, cniVersion: '1.0.0' } });
      return {
        ...answer,
        stdout: answer.stdout.replace('"1.0.0"', JSON.stringify(configuration.cniVersion ?? '0.2.0')),
      };
    },
  },
  {
    name: 'allows CHECK in every version',
    type: 'loopback',
    caughtBy: ['loopback-check-before-0-4-0'],
    plugin: (call) =>
      call.verb === 'CHECK' ? call.real({ configuration: { ...call.configuration, cniVersion: '1.0.0' } }) : undefined,
  },
  {
    name: 'ignores CNI_IFNAME',
    type: 'bridge',
    caughtBy: ['bridge-add-interface-is-there', 'bridge-result-has-interface'],
    plugin: (call) =>
      call.environment.CNI_IFNAME === 'eth0' ? call.real({ environment: { CNI_IFNAME: 'net7' } }) : undefined,
  },
  {
    name: 'has another sandbox in the result',
    type: 'bridge',
    caughtBy: ['bridge-result-has-interface'],
    plugin: (call) =>
      spoil(call, 'ADD', (result) => ({
        ...result,
        interfaces: result.interfaces?.map((one: Json) => (one.sandbox ? { ...one, sandbox: '/run/netns/c' } : one)),
      })),
  },
  {
    name: 'leaves the container out of the result',
    type: 'loopback',
    caughtBy: ['loopback-result-has-interface'],
    plugin: (call) => spoil(call, 'ADD', (result) => ({ ...result, interfaces: [] })),
  },
  {
    name: 'leaves the host out of the result',
    type: 'bridge',
    caughtBy: ['bridge-result-lists-host-interfaces'],
    plugin: (call) =>
      spoil(call, 'ADD', (result) => ({
        ...result,
        interfaces: result.interfaces?.filter(({ sandbox }: Json) => sandbox),
        ips: result.ips?.map((ip: Json) => ({ ...ip, interface: 0 })),
      })),
  },
  {
    name: 'has a hardware address in the result that is nobody’s',
    type: 'bridge',
    caughtBy: ['bridge-result-interfaces-exist'],
    plugin: (call) =>
      spoil(call, 'ADD', (result) => ({
        ...result,
        interfaces: result.interfaces?.map((one: Json) => ({ ...one, mac: '02:00:00:00:00:01' })),
      })),
  },
  {
    name: 'means the wrong interface by an index',
    type: 'bridge',
    caughtBy: ['bridge-result-addresses-are-there'],
    plugin: (call) =>
      spoil(call, 'ADD', (result) => ({ ...result, ips: result.ips?.map((ip: Json) => ({ ...ip, interface: 0 })) })),
  },
  {
    name: 'drops the previous result',
    type: 'loopback',
    caughtBy: ['loopback-add-passes-prev-result'],
    plugin: (call) =>
      call.verb === 'ADD' ? call.real({ configuration: { ...call.configuration, prevResult: undefined } }) : undefined,
  },
  {
    name: 'replaces an interface that is there',
    type: 'bridge',
    caughtBy: ['bridge-existing-interface'],
    plugin(call) {
      const { CNI_NETNS, CNI_IFNAME } = call.environment;
      if (call.verb === 'ADD') call.shell(`nsenter --net=${CNI_NETNS} ip link del ${CNI_IFNAME}`);
      return undefined;
    },
  },
  {
    name: 'tells a route that it does not make',
    type: 'bridge',
    caughtBy: ['bridge-default-gateway-route'],
    plugin(call) {
      const answer = call.real();
      if (call.verb === 'ADD') call.shell(`nsenter --net=${call.environment.CNI_NETNS} ip route del default`);
      return answer;
    },
  },
  {
    name: 'refuses arguments that it does not know',
    type: 'bridge',
    caughtBy: ['bridge-add-ignores-unknown-args'],
    plugin: (call) => (call.environment.CNI_ARGS?.includes('K8S') ? failed(999, 'unknown arguments') : undefined),
  },
  {
    name: 'sets up lo of the host, too',
    type: 'loopback',
    caughtBy: ['loopback-host-stays', 'loopback-leaves-nothing'],
    plugin(call) {
      if (call.verb === 'ADD') call.shell('ip link set lo up');
      return undefined;
    },
  },
  {
    name: 'fails at a second DEL',
    type: 'bridge',
    caughtBy: ['bridge-del-repeated'],
    plugin: (call) =>
      call.verb === 'DEL' && !call.isFirst(`${call.environment.CNI_CONTAINERID}`)
        ? failed(3, 'no such container')
        : undefined,
  },
  {
    name: 'fails at DEL without a namespace',
    type: 'loopback',
    caughtBy: ['loopback-del-without-namespace'],
    plugin: (call) =>
      call.verb === 'DEL' && !call.environment.CNI_NETNS ? failed(4, 'CNI_NETNS is missing') : undefined,
  },
  {
    name: 'does nothing at DEL without a namespace',
    type: 'bridge',
    caughtBy: ['bridge-del-without-namespace'],
    plugin: (call) => (call.verb === 'DEL' && !call.environment.CNI_NETNS ? ok() : undefined),
  },
  {
    name: 'hangs at DEL where the namespace is gone',
    type: 'bridge',
    caughtBy: ['bridge-del-namespace-gone'],
    async plugin(call) {
      if (call.verb === 'DEL' && !call.real({ environment: { CNI_COMMAND: 'CHECK' } }).stdout.includes('prevResult'))
        await sleep(60_000);
      return undefined;
    },
  },
  {
    name: 'prints a result at DEL',
    type: 'static',
    caughtBy: ['static-del-repeated', 'static-result-1-0-0'],
    plugin: (call) => (call.verb === 'DEL' ? ok({ cniVersion: call.configuration.cniVersion }) : undefined),
  },
  {
    name: 'leaves a veth on the host at DEL',
    type: 'bridge',
    caughtBy: ['bridge-leaves-nothing', 'bridge-del-removes-interface', 'bridge-many-cycles-leave-nothing'],
    plugin(call) {
      if (call.verb === 'DEL') call.shell(`ip link add left${process.pid} type veth peer name peer${process.pid}`);
      return undefined;
    },
  },
  {
    name: 'leaves a rule on the host at DEL',
    type: 'bridge',
    caughtBy: ['bridge-masquerade-leaves-nothing'],
    plugin(call) {
      const rule = `add table ip left; add chain ip left c; add rule ip left c ip saddr 10.1.0.2 accept`;
      if (call.verb === 'DEL') call.shell(`nft '${rule}'`);
      return undefined;
    },
  },
  {
    name: 'leaves a lease after an ADD that failed',
    type: 'bridge',
    caughtBy: ['bridge-failed-add-leaves-nothing'],
    plugin: (call) =>
      spoilError(call, (answer) => {
        if (call.verb === 'ADD') {
          mkdirSync(leasesOf(call), { recursive: true });
          writeFileSync(join(leasesOf(call), '10.1.0.250'), 'nobody\r\neth0');
        }
        return answer;
      }),
  },
  {
    name: 'releases the leases of all at DEL',
    type: 'bridge',
    caughtBy: ['bridge-del-leaves-others'],
    plugin(call) {
      const answer = call.real();
      if (call.verb === 'DEL') removeLeases(leasesOf(call));
      return answer;
    },
  },
  {
    name: 'never fails at CHECK',
    type: 'bridge',
    caughtBy: [
      'bridge-check-interface-gone',
      'bridge-check-address-gone',
      'bridge-check-route-gone',
      'bridge-check-lease-gone',
      'bridge-check-port-left',
    ],
    plugin: (call) => (call.verb === 'CHECK' ? ok() : undefined),
  },
  {
    name: 'always fails at CHECK',
    type: 'loopback',
    caughtBy: ['loopback-check-1-0-0'],
    plugin: (call) => (call.verb === 'CHECK' ? failed(999, 'not yet') : undefined),
  },
  {
    name: 'fails at CHECK where it finds what is not its own',
    type: 'bridge',
    caughtBy: ['bridge-check-later-interface'],
    plugin: (call) =>
      call.verb === 'CHECK' && call.configuration.prevResult?.interfaces?.length > 3
        ? failed(999, 'unknown interface')
        : undefined,
  },
  {
    name: 'does nothing at GC',
    type: 'host-local',
    caughtBy: ['host-local-gc-removes-stale-leases', 'host-local-gc-removes-all-leases'],
    plugin: (call) => (call.verb === 'GC' ? ok() : undefined),
  },
  {
    name: 'does not pass GC on',
    type: 'bridge',
    caughtBy: ['bridge-gc-removes-stale-leases'],
    plugin: (call) => (call.verb === 'GC' ? ok() : undefined),
  },
  {
    name: 'removes at GC what is valid',
    type: 'host-local',
    caughtBy: ['host-local-gc-keeps-valid'],
    plugin: (call) =>
      call.verb === 'GC' ? call.real({ configuration: { ...call.configuration, [valid]: [] } }) : undefined,
  },
  {
    name: 'looks at container ids only, at GC',
    type: 'host-local',
    caughtBy: ['host-local-gc-tells-interfaces-apart'],
    plugin({ verb, configuration, real }) {
      if (verb !== 'GC' || !Array.isArray(configuration[valid])) return undefined;
      const all = configuration[valid].flatMap((one: Json) => ['eth0', 'net1'].map((ifname) => ({ ...one, ifname })));
      return real({ configuration: { ...configuration, [valid]: all } });
    },
  },
  {
    name: 'collects all networks at GC',
    type: 'host-local',
    caughtBy: ['host-local-gc-other-network'],
    plugin(call) {
      const answer = call.real();
      const { dataDir } = call.configuration.ipam ?? {};
      if (call.verb === 'GC') for (const name of readdirSync(dataDir)) removeLeases(join(dataDir, name));
      return answer;
    },
  },
  {
    name: 'needs a container id for GC',
    type: 'loopback',
    caughtBy: ['loopback-gc-needs-no-attachment', 'loopback-gc-nothing-to-do'],
    plugin: (call) =>
      call.verb === 'GC' && !call.environment.CNI_CONTAINERID ? failed(4, 'CNI_CONTAINERID is missing') : undefined,
  },
  {
    name: 'is never ready at STATUS',
    type: 'bridge',
    caughtBy: ['bridge-status-ready'],
    plugin: (call) => (call.verb === 'STATUS' ? failed(50, 'not ready') : undefined),
  },
  {
    name: 'gives out addresses without a lock',
    type: 'host-local',
    caughtBy: ['host-local-concurrent-add'],
    async plugin(call) {
      if (call.verb !== 'ADD') return undefined;
      mkdirSync(leasesOf(call), { recursive: true });
      const address = `10.1.0.${2 + readdirSync(leasesOf(call)).length}`;
      await sleep(100);
      writeFileSync(join(leasesOf(call), address), `${call.environment.CNI_CONTAINERID}\r\neth0`);
      return ok({
        cniVersion: call.configuration.cniVersion,
        ips: [{ address: `${address}/24`, gateway: '10.1.0.1' }],
      });
    },
  },
  {
    name: 'gives out addresses beyond the end of the range',
    type: 'host-local',
    caughtBy: ['host-local-exhausted', 'host-local-concurrent-shortage'],
    plugin({ verb, configuration, real }) {
      const { rangeEnd: _, ...ipam } = configuration.ipam ?? {};
      return verb === 'ADD' ? real({ configuration: { ...configuration, ipam } }) : undefined;
    },
  },
  {
    name: 'gives another address than is asked for',
    type: 'host-local',
    caughtBy: ['host-local-requested', 'host-local-requested-unavailable'],
    plugin({ verb, configuration, environment, real }) {
      if (verb !== 'ADD' || environment.CNI_ARGS !== undefined) return undefined;
      return real({ configuration: { ...configuration, runtimeConfig: {}, args: {} } });
    },
  },
];
