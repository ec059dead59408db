import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { answer } from '../calls/answer.ts';
import { filesOf, type Node } from '../calls/node.ts';
import { LinuxKernel } from '../kernel/linux/linux-kernel.ts';
import { makeNamespace, StrandedThread } from '../kernel/linux/thread-namespace.ts';
import { CallMeter } from './call-meter.ts';

/** The names of its directories begin so: those that a killed daemon left are told by it. */
export const practicePrefix = 'practice-';

export interface PracticeOptions {
  /** Where its files are while it lasts. */
  readonly directory: string;
  /** The machine, with all that it keeps below a directory. */
  readonly nodeIn: (directory: string) => Omit<Node, 'kernel' | 'log'>;
  /** Asked before each call: whether there is still time for it. */
  readonly goesOn: () => boolean;
}

const rounds = 24;
/** Calls of each kind in a round; but one attachment to a bridge, of which the kernel's log tells in eight lines. */
const times = 5;

/**
 * Calls that a thread makes for practice before it answers any: V8 makes machine code of what has run some hundred times, and the first
 * calls cost twice as much as later ones. They are those of a common network, with the plugins and the policy in force, in network namespaces
 * and a directory that are gone afterwards. A call that is refused there, by the policy for one, ends the practice, and so does a kernel that makes no namespaces. Returns how many calls were
 * answered. Throws StrandedThread.
 */
export async function practise(options: PracticeOptions): Promise<number> {
  try {
    return await practiseIn(options);
  } catch (error) {
    if (error instanceof StrandedThread) throw error;
    return 0;
  }
}

async function practiseIn({ directory: parent, nodeIn, goesOn }: PracticeOptions): Promise<number> {
  const namespaces: number[] = [];
  const directory = mkdtempSync(join(parent, practicePrefix));
  try {
    for (let i = 0; i < 2; i++) namespaces.push(makeNamespace());
    const [host, sandbox] = namespaces.map((fd) => `/proc/self/fd/${fd}`) as [string, string];
    const going: number[] = [];
    const kernel = new LinuxKernel({ hostNamespace: host, handOver: ({ index }) => going.push(index) });
    kernel.descriptorOf = () => openSync(sandbox, 'r');
    try {
      const meter = new CallMeter(() => undefined);
      const node: Node = { ...nodeIn(directory), kernel, meter, log: () => undefined };
      using _files = filesOf(node);
      const leases = join(directory, 'networks');
      let answered = 0;
      for (let round = 0; round < rounds; round++) {
        for (const isAnswered of exercise(node, leases, round % 2 === 1)) {
          meter.take();
          if (!isAnswered || !goesOn()) return answered;
          answered++;
        }
        await kernel.host.removeLinks(going.splice(0));
      }
      return answered;
    } finally {
      kernel.close();
    }
  } finally {
    for (const fd of namespaces) closeSync(fd);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The calls of one round; gives of each whether it was answered well. */
function* exercise(node: Node, dataDir: string, ipMasq: boolean): Generator<boolean> {
  const common = { cniVersion: '1.0.0', name: 'practice' };
  const loopback = { ...common, type: 'loopback' };
  const bridge = {
    ...{ ...common, type: 'bridge', bridge: 'practice0', isGateway: true, ipMasq },
    ipam: { type: 'host-local', dataDir, ranges: [[{ subnet: '10.0.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
  };
  const ids = Array.from({ length: times }, (_, i) => `practice${i}`);
  const isAnswered = (type: string, verb: string, id: string, name: string, configuration: object) =>
    call(node, type, verb, id, name, configuration) !== undefined;
  const added = call(node, 'bridge', 'ADD', 'practice', 'eth0', bridge);
  yield added !== undefined;
  const prevResult = JSON.parse(added ?? '{}');
  for (const id of ids) {
    yield isAnswered('loopback', 'ADD', id, 'lo', loopback);
    yield isAnswered('host-local', 'ADD', id, 'eth0', bridge);
    yield isAnswered('bridge', 'CHECK', 'practice', 'eth0', { ...bridge, prevResult });
  }
  for (const id of ids) {
    yield isAnswered('host-local', 'DEL', id, 'eth0', bridge);
    yield isAnswered('loopback', 'DEL', id, 'lo', loopback);
  }
  yield isAnswered('bridge', 'DEL', 'practice', 'eth0', bridge);
}

/** What stands on stdout; undefined where it is an error. */
function call(node: Node, type: string, verb: string, id: string, name: string, configuration: object) {
  const environment = {
    ...{ CNI_COMMAND: verb, CNI_CONTAINERID: id, CNI_IFNAME: name },
    ...{ CNI_NETNS: '/run/netns/practice', CNI_PATH: '/opt/cni/bin' },
  };
  const stdin = new TextEncoder().encode(JSON.stringify(configuration));
  const { exitCode, stdout } = answer({ type, environment, readStdin: () => stdin }, () => node);
  return exitCode === 0 ? stdout : undefined;
}
