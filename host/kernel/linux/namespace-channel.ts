import type { Decoder } from '../../netlink/codec.ts';
import { NetlinkConnection, type Request } from '../../netlink/connection.ts';
import { NetlinkRefusal } from '../../netlink/errors.ts';
import { NETLINK_NETFILTER } from '../../netlink/netfilter/tables.ts';
import { NETLINK_ROUTE } from '../../netlink/route/family.ts';
import { KernelNetlinkSocket } from '../../netlink/socket.ts';
import type { Deadline } from '../../system/deadline.ts';
import { type ErrnoName, errnoNumbers } from '../../system/errno.ts';
import { KernelError, StepError } from '../errors.ts';
import { type Attempting, asKernelError, attempting } from './kernel-errors.ts';
import type { ThreadNamespace } from './thread-namespace.ts';

/** What all channels of one kernel share. */
export interface ChannelOptions {
  readonly thread: ThreadNamespace;
  readonly deadline: () => Deadline;
  readonly beforeReceive?: (() => void) | undefined;
  /** NETLINK_* (linux/netlink.h); NETLINK_ROUTE where absent. */
  readonly protocol?: number;
}

/** A request of rtnetlink or nfnetlink; what comes back is the same message. */
export interface RouteRequest<T> {
  /** `cannot <attempt>: ...` in errors. */
  readonly attempt: string;
  /** RTM_* (linux/rtnetlink.h) */
  readonly type: number;
  /** NLM_F_* beyond those that every request has. */
  readonly flags?: number;
  readonly message: Decoder<T> & { encode(values: Partial<T>): Uint8Array };
  readonly values: Partial<T>;
}

/** What the steps of `together` have executed that was not sent yet. */
interface Gathered {
  /** Of the step that runs. */
  position: number;
  readonly waiting: { readonly position: number; readonly attempt: string; readonly request: Request }[];
}

/** Requests of one datagram: some kilobytes. */
const mostTogether = 64;

/**
 * rtnetlink, or another protocol, to one namespace. The socket is opened there when first needed, kept, and opened anew after it broke or was dropped.
 * Everything here throws KernelError.
 */
export class NamespaceChannel {
  /** Of the namespace, open as long as the channel. */
  readonly fd: number;
  readonly path: string;
  readonly #options: ChannelOptions;
  /** Connections for what is done in the background. */
  readonly #idle: NetlinkConnection[] = [];
  readonly #subscriptions = new Set<KernelNetlinkSocket>();
  #connection: NetlinkConnection | undefined;
  #cookie: bigint | undefined;
  #netfilter: NamespaceChannel | undefined;
  #gathered: Gathered | undefined;
  #closed = false;

  constructor(fd: number, path: string, options: ChannelOptions) {
    this.fd = fd;
    this.path = path;
    this.#options = options;
  }

  get deadline(): Deadline {
    return this.#options.deadline();
  }

  get cookie(): bigint {
    if (this.#cookie === undefined) this.#connect('read the cookie of the network namespace');
    return this.#cookie ?? 0n;
  }

  /**
   * Runs the steps one after the other. What they have executed goes to the kernel in as few messages as can be: before something is asked or
   * done otherwise, and in the end. Throws StepError.
   */
  together(steps: readonly (() => void)[]): void {
    const gathered: Gathered = { position: 0, waiting: [] };
    this.#gathered = gathered;
    try {
      for (const [position, step] of steps.entries()) {
        gathered.position = position;
        step();
      }
      this.#flush();
    } catch (error) {
      // Those before it are taken, and may be refused.
      this.#flush();
      throw error instanceof StepError ? error : new StepError(gathered.position, error);
    } finally {
      this.#gathered = undefined;
    }
  }

  /** Has something done, and waits for the acknowledgement, unless it is a step of several. Returns what the kernel said besides, mostly nothing. */
  execute<T>(request: RouteRequest<T>): T[] {
    if (this.#gathered !== undefined) {
      const { waiting, position } = this.#gathered;
      const { attempt } = request;
      const encoded = attempting(this.#where(attempt), () => encodeRequest(request), 'change');
      waiting.push({ position, attempt, request: encoded });
      if (waiting.length >= mostTogether) this.#flush();
      return [];
    }
    const connection = this.#connect(request.attempt);
    const exchange = () => connection.execute(encodeRequest(request), request.message, this.deadline);
    return attempting(this.#where(request.attempt), exchange, 'change');
  }

  /** Has all of it done or none: see NetlinkConnection. */
  transact(attempt: string, begin: Request, requests: readonly Request[], end: Request): void {
    const connection = this.#connect(attempt);
    attempting(this.#where(attempt), () => connection.transact(begin, requests, end, this.deadline));
  }

  /**
   * Has several things done, one after the other and past refusals, while this thread goes on, on a socket of their own. Resolves to the
   * errno of each, 0 for what was done. Rejects with KernelError.
   */
  async executeInBackground<T>(
    attempt: string,
    requests: readonly Omit<RouteRequest<T>, 'attempt'>[],
  ): Promise<readonly number[]> {
    const connection = this.#idle.pop() ?? this.inside(attempt, () => new NetlinkConnection(this.#open()));
    try {
      const answers = await connection.executeInBackground(requests.map((one) => encodeRequest({ attempt, ...one })));
      this.#idle.push(connection);
      return answers.map(({ errno }) => errno);
    } catch (error) {
      throw asKernelError(this.#where(attempt), error);
    }
  }

  /** Has something done, and asks for one thing right after it, which is undefined as with `find`. */
  executeAndFind<T>(request: RouteRequest<T>, question: RouteRequest<T>, absent: readonly ErrnoName[]): T | undefined {
    const connection = this.#connect(request.attempt);
    const { message } = question;
    const exchange = () =>
      connection.executeAndFind(encodeRequest(request), encodeRequest(question), message, this.deadline);
    const { value, refusal } = attempting(this.#where(request.attempt), exchange, 'change');
    if (refusal === undefined) return value;
    return unless(absent, () => {
      throw asKernelError(this.#where(question.attempt), refusal);
    });
  }

  /** The one thing that is asked for, undefined where the kernel answers with one of the errnos in `absent`. */
  find<T>(request: RouteRequest<T>, absent: readonly ErrnoName[]): T | undefined {
    const connection = this.#connect(request.attempt);
    const numbers = absent.map((name) => errnoNumbers[name]);
    const exchange = () => connection.find(encodeRequest(request), request.message, numbers, this.deadline);
    return attempting(this.#where(request.attempt), exchange);
  }

  /** Lists; an answer with one of the errnos in `absent` is an empty list. */
  list<T>(request: RouteRequest<T>, absent: readonly ErrnoName[] = []): T[] {
    const connection = this.#connect(request.attempt);
    const dump = () => connection.dump(encodeRequest(request), request.message, this.deadline);
    return unless(absent, () => attempting(this.#where(request.attempt), dump)) ?? [];
  }

  /** Runs `action` with a socket of its own that gets the notifications of these groups (RTNLGRP_*). */
  subscribed<T>(attempt: string, groups: readonly number[], action: (socket: KernelNetlinkSocket) => T): T {
    const socket = this.inside(attempt, () => this.#open(groups));
    this.#subscriptions.add(socket);
    try {
      return attempting(this.#where(attempt), () => action(socket));
    } finally {
      this.#subscriptions.delete(socket);
      socket.close();
    }
  }

  /** Runs `action` with the thread in the namespace. Throws StrandedThread besides. */
  inside<T>(attempt: string, action: () => T, what?: Attempting): T {
    if (this.#closed) throw new KernelError(this.#where(attempt), errnoNumbers.EBADF, 'the namespace was closed');
    this.#flush();
    return attempting(this.#where(attempt), () => this.#options.thread.inside(this.fd, action), what);
  }

  /** nfnetlink to the same namespace. */
  get netfilter(): NamespaceChannel {
    this.#netfilter ??= new NamespaceChannel(this.fd, this.path, { ...this.#options, protocol: NETLINK_NETFILTER });
    return this.#netfilter;
  }

  /** Closes the sockets. The next use opens new ones. */
  drop(): void {
    this.#gathered = undefined;
    this.#netfilter?.drop();
    this.#connection?.close();
    this.#connection = undefined;
    for (const connection of this.#idle.splice(0)) connection.close();
    for (const socket of this.#subscriptions) socket.close();
    this.#subscriptions.clear();
  }

  /** Closes the sockets for good; the descriptor is the owner's. */
  close(): void {
    this.#closed = true;
    this.#netfilter?.close();
    this.drop();
  }

  /** Whoever comes next finds done what was executed before. */
  #connect(attempt: string): NetlinkConnection {
    this.#flush();
    return this.#connected(attempt);
  }

  #flush(): void {
    const waiting = this.#gathered?.waiting.splice(0) ?? [];
    const [first] = waiting;
    if (first === undefined) return;
    const connection = this.#connected(first.attempt);
    const exchange = () =>
      connection.executeAll(
        waiting.map(({ request }) => request),
        this.deadline,
      );
    const refused = attempting(this.#where(first.attempt), exchange);
    const step = refused && waiting[refused.position];
    if (step !== undefined)
      throw new StepError(step.position, asKernelError(this.#where(step.attempt), refused?.refusal, 'change'));
  }

  #connected(attempt: string): NetlinkConnection {
    if (this.#connection !== undefined && !this.#connection.broken) return this.#connection;
    this.#connection = this.inside(attempt, () => {
      const socket = this.#open();
      this.#cookie ??= socket.namespaceCookie();
      return new NetlinkConnection(socket);
    });
    return this.#connection;
  }

  #open(groups: readonly number[] = []): KernelNetlinkSocket {
    const { protocol = NETLINK_ROUTE, beforeReceive } = this.#options;
    return new KernelNetlinkSocket(protocol, { groups, beforeReceive });
  }

  #where(attempt: string): string {
    return this.path === '' ? attempt : `${attempt} in ${this.path}`;
  }
}

function encodeRequest<T>({ type, flags = 0, message, values }: RouteRequest<T>): Request {
  return { type, flags, payload: message.encode(values) };
}

function unless<T>(absent: readonly ErrnoName[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const { cause } = error instanceof KernelError ? error : {};
    if (cause instanceof NetlinkRefusal && absent.some((name) => errnoNumbers[name] === cause.acknowledgement.errno)) {
      return undefined;
    }
    throw error;
  }
}
