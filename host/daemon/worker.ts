import { fstatSync, statSync } from 'node:fs';
import { type Answer, answer } from '../calls/answer.ts';
import { stderrLog } from '../calls/log.ts';
import type { Node } from '../calls/node.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import { NamespaceError } from '../kernel/errors.ts';
import type { LinuxKernel } from '../kernel/linux/linux-kernel.ts';
import { requireNetworkNamespace } from '../kernel/linux/namespace-descriptor.ts';
import { StrandedThread } from '../kernel/linux/thread-namespace.ts';
import { onLongWait } from '../system/long-wait.ts';
import { SystemError } from '../system/system-error.ts';
import { UnixListener } from '../system/unix-listener.ts';
import type { UnixConnection } from '../system/unix-socket.ts';
import type { CallCounts } from './call-counts.ts';
import {
  bodyLength,
  decodeBody,
  decodeHeader,
  encodeAnswer,
  encodeRefusal,
  ProtocolError,
  type Request,
  type RequestHeader,
  requestHeaderSize,
} from './protocol.ts';
import type { Seats } from './seats.ts';
import type { Turns } from './turns.ts';

/** Seconds that a peer may be silent in the middle of a message. */
const patience = 10;
/** How long a call may have waited before it is begun. */
const longestQueue = 30_000_000_000n;

export interface WorkerOptions {
  /** Descriptor of the listening socket, which all workers share. */
  readonly listening: number;
  readonly index: number;
  readonly turns: Turns;
  readonly seats: Seats;
  readonly kernel: LinuxKernel;
  /** The machine; `log` and `cancelled` are the worker's own to set. */
  readonly node: Omit<Node, 'kernel' | 'log'>;
  /** Before each call: what is trusted may have changed. */
  readonly refresh: () => void | Promise<void>;
  readonly counts: CallCounts;
  readonly isStopping: () => boolean;
}

/** Inodes of the namespaces that this process lives in. */
interface Home {
  readonly network: bigint;
  readonly mount: bigint;
  readonly user: bigint;
}

/**
 * One CNI call after the other, each from a connection that this thread accepts itself. Returns when the daemon stops. What a call
 * throws is its answer; what comes out of here is a fault that ends the thread.
 */
export async function work(options: WorkerOptions): Promise<void> {
  const home = homeOf();
  const { seats, index } = options;
  using listener = new UnixListener(options.listening);
  onLongWait(() => seats.rise(index));
  for (;;) {
    seats.sit(index);
    if (options.isStopping()) return;
    using connection = listener.accept(patience);
    seats.begin(index);
    try {
      await serve(connection, home, options);
    } catch (error) {
      // It spoke no shim's language, or went away: nothing was begun, or its call was taken back.
      if (!(error instanceof ProtocolError) && !(error instanceof SystemError)) throw error;
    }
  }
}

async function serve(connection: UnixConnection, home: Home, options: WorkerOptions): Promise<void> {
  const { uid } = connection.peer();
  if (uid !== 0 && uid !== process.geteuid?.()) return;
  const received = receiveRequest(connection);
  if (received === undefined) return;
  const { header, body } = received;
  if (options.isStopping() || !isAtHome(header, connection, home)) {
    connection.send(encodeRefusal());
    return;
  }
  const queued = process.hrtime.bigint() - header.began;
  if (queued > longestQueue) {
    connection.send(encodeAnswer(tooLate()));
    return;
  }
  const request = decodeBody(header, body);
  const began = performance.now();
  const verb = request.environment.CNI_COMMAND ?? '';
  options.counts.meter.enter(request.type, verb, 'load');
  await options.refresh();
  options.counts.meter.leave();
  const given = perform(request, header, connection, options);
  connection.send(encodeAnswer(given));
  // Whatever it did next would be done to the wrong network.
  if (inodeOf('net') !== home.network) throw new StrandedThread({ cause: undefined });
  options.counts.observe({
    type: request.type,
    environment: request.environment,
    error: given.exitCode === 0 ? undefined : given.stdout,
    queueSeconds: Number(queued) / 1e9,
    callSeconds: (performance.now() - began) / 1000,
  });
  options.node.engine.prepareNext?.();
}

/** Of this thread: most requests fit, and are received at once. */
const room = new Uint8Array(16 * 1024);

/** Undefined where the peer has ended before. Throws ProtocolError. */
function receiveRequest(connection: UnixConnection): { header: RequestHeader; body: Uint8Array } | undefined {
  let length = 0;
  while (length < requestHeaderSize) {
    const received = connection.receiveSome(room.subarray(length));
    if (received === 0) return undefined;
    length += received;
  }
  const header = decodeHeader(room);
  const body = new Uint8Array(bodyLength(header));
  const early = room.subarray(requestHeaderSize, length);
  if (early.length > body.length) throw new ProtocolError('a request is longer than it says');
  body.set(early);
  return connection.receive(body.subarray(early.length)) ? { header, body } : undefined;
}

/** Where a path, a link's index and a user's number mean to the caller what they mean here. */
function isAtHome(header: RequestHeader, { descriptors }: UnixConnection, home: Home): boolean {
  const [own] = descriptors;
  if (own === undefined || header.mountNamespace !== home.mount || header.userNamespace !== home.user) return false;
  return fstatSync(own, { bigint: true }).ino === home.network;
}

function homeOf(): Home {
  return { network: inodeOf('net'), mount: inodeOf('mnt'), user: inodeOf('user') };
}

/** Of a namespace that this thread is in. */
function inodeOf(namespace: string): bigint {
  return statSync(`/proc/thread-self/ns/${namespace}`, { bigint: true }).ino;
}

function perform(request: Request, header: RequestHeader, connection: UnixConnection, options: WorkerOptions): Answer {
  const { kernel, turns, index } = options;
  const { type, environment, stdin } = request;
  let logged = '';
  const node: Node = {
    ...options.node,
    kernel,
    callId: header.began.toString(),
    log: stderrLog((text) => {
      logged += text;
    }),
    cancelled: hangUp(connection),
    meter: options.counts.meter,
    notice({ plugin, access, decision }) {
      if (decision === 'denied') options.counts.denied(plugin, access.kind);
    },
  };
  kernel.descriptorOf = (path) => takeDescriptor(path, header, connection);
  const { CNI_CONTAINERID: id, CNI_IFNAME: name } = environment;
  using _turn = id === undefined ? undefined : turns.take(index, `${id}/${name}`);
  const given = answer({ type, environment, readStdin: () => stdin }, () => node);
  return { ...given, stderr: given.stderr + logged };
}

/** Milliseconds: so long a caller may have been gone before an operation is asked for that is not carried out any more. */
const hangUpInterval = 5;

/** Whether the caller has gone, which costs a system call: operations that follow each other at once do not ask each time. */
function hangUp(connection: UnixConnection): NonNullable<Node['cancelled']> {
  let asked = performance.now();
  return (isLast) => {
    const now = performance.now();
    if (!isLast && now - asked < hangUpInterval) return false;
    asked = now;
    return connection.hungUp;
  };
}

/** CNI_NETNS as the caller opened it. No path is ever followed here. */
function takeDescriptor(path: string, header: RequestHeader, { descriptors }: UnixConnection): number {
  if (header.sandbox === 'missing') {
    throw new NamespaceError('missing', `failed to Statfs ${JSON.stringify(path)}: no such file or directory`);
  }
  const [own = -1, sandbox] = descriptors;
  if (sandbox === undefined) throw new NamespaceError('inaccessible', `${JSON.stringify(path)} did not come along`);
  requireNetworkNamespace(sandbox, path);
  descriptors.splice(0, 2, own);
  return sandbox;
}

function tooLate(): Answer {
  const error = new CniError(errorCodes.tryAgainLater, 'the daemon has too many calls waiting; try again later');
  return { stdout: error.format(), stderr: '', exitCode: 1 };
}
