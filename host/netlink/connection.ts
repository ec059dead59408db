import { Deadline } from '../system/deadline.ts';
import { errnoNumbers } from '../system/errno.ts';
import { sleep } from '../system/sleep.ts';
import { type Acknowledgement, decodeAcknowledgement, decodeDone } from './acknowledgement.ts';
import type { Decoder } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { NetlinkOverrun, NetlinkRefusal, NetlinkUnsteadyDump } from './errors.ts';
import {
  decodeFrames,
  type Frame,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
  writeFrame,
} from './frame.ts';
import type { NetlinkSocket } from './socket.ts';
import { writing } from './writer.ts';

/** A request: its message type, NLM_F_* beyond NLM_F_REQUEST, and the encoded message. */
export interface Request {
  readonly type: number;
  readonly flags?: number;
  readonly payload: Uint8Array;
}

/** What was asked for, or why it is not told. */
export interface Found<T> {
  readonly value?: T | undefined;
  readonly refusal?: NetlinkRefusal;
}

/** Which of several requests was refused. */
export interface Refused {
  readonly position: number;
  readonly refusal: NetlinkRefusal;
}

/** A dump that changes tear again and again is given up after so many, which takes a second. */
const dumpAttempts = 100;
/** After so many it stops for up to so many milliseconds each time: many that change the same thing get out of each other's way. */
const quickAttempts = 5;
const longestPause = 20;

/**
 * Requests and their answers on one socket, one at a time. After anything thrown but a NetlinkRefusal, answers may still be
 * under way; the connection closes itself then, and is `broken`.
 */
export class NetlinkConnection {
  readonly #socket: NetlinkSocket;
  #sequence = 0;
  #broken = false;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /**
   * Asks for something to be done, waits for the acknowledgement, and returns what came before it, decoded.
   * Throws NetlinkRefusal, NetlinkTimeout, NetlinkOverrun, NetlinkDecodeError, NetlinkEncodeError, SystemError.
   */
  execute<T>(request: Request, answer: Decoder<T>, deadline: Deadline): T[] {
    return this.#exchange(request, NLM_F_ACK, answer, deadline).values;
  }

  /**
   * Asks for one thing, whose coming is the end: no acknowledgement. Undefined where the kernel says no with one of the errnos in `absent`.
   * Throws as `execute` does.
   */
  find<T>(request: Request, answer: Decoder<T>, absent: readonly number[], deadline: Deadline): T | undefined {
    return this.#send(request, 0, () => {
      for (;;) {
        for (const frame of this.#receive(deadline)) {
          const end = endOf(frame);
          if (end === undefined) {
            const [found] = decodeContent(frame, answer);
            if (found !== undefined) return found;
          } else if (absent.includes(end.errno)) return undefined;
          else throw new NetlinkRefusal(end);
        }
      }
    });
  }

  /**
   * Has several things done, which go to the kernel in one datagram: it carries them out in their order, past refusals, and acknowledges the
   * last. Returns the first refusal and whose it is; undefined where there is none. Throws as `execute` does, but for NetlinkRefusal.
   */
  executeAll(requests: readonly Request[], deadline: Deadline): Refused | undefined {
    const last = requests.length - 1;
    const frames = requests.map((one, i) => this.#frame(one, NLM_F_REQUEST | (i === last ? NLM_F_ACK : 0)));
    return this.#exchangeAll(frames, (next) => {
      let refused: Refused | undefined;
      for (;;) {
        const { position, frame } = next(deadline);
        const end = endOf(frame);
        if (end === undefined) {
          decodeContent(frame, anything);
          continue;
        }
        if (end.errno !== 0) refused ??= { position, refusal: new NetlinkRefusal(end) };
        if (position === last) return refused;
      }
    });
  }

  /**
   * Has something done, and asks for one thing right after it, in one datagram. Throws NetlinkRefusal where the first was refused, and as
   * `execute` does.
   */
  executeAndFind<T>(request: Request, question: Request, answer: Decoder<T>, deadline: Deadline): Found<T> {
    const frames = [request, question].map((one) => this.#frame(one, NLM_F_REQUEST));
    return this.#exchangeAll(frames, (next) => {
      let refusal: NetlinkRefusal | undefined;
      for (;;) {
        const { position, frame } = next(deadline);
        const end = endOf(frame);
        if (position === 0) {
          if (end !== undefined && end.errno !== 0) refusal = new NetlinkRefusal(end);
          continue;
        }
        // The answer to the second is the end, whatever became of the first.
        const [value] = end === undefined ? decodeContent(frame, answer) : [];
        if (end === undefined && value === undefined) continue;
        if (refusal !== undefined) throw refusal;
        return end === undefined ? { value } : { refusal: new NetlinkRefusal(end) };
      }
    });
  }

  /** Asks for a list; repeats it while changes tear it. Throws as `execute` does, and NetlinkUnsteadyDump. */
  dump<T>(request: Request, answer: Decoder<T>, deadline: Deadline): T[] {
    for (let attempt = 1; ; attempt++) {
      try {
        const { values, torn } = this.#exchange(request, NLM_F_DUMP, answer, deadline);
        if (!torn) return values;
      } catch (error) {
        if (!(error instanceof NetlinkRefusal) || error.acknowledgement.errno !== errnoNumbers.EINTR) throw error;
      }
      if (attempt === dumpAttempts || deadline.passed) throw new NetlinkUnsteadyDump(attempt);
      if (attempt >= quickAttempts) sleep(1 + Math.random() * Math.min(longestPause, deadline.remaining));
    }
  }

  /**
   * Requests that take effect together or not at all: nfnetlink puts them between two messages that begin and end a batch. The refusal is
   * that of the first that was refused. Throws as `execute` does.
   */
  transact(begin: Request, requests: readonly Request[], end: Request, deadline: Deadline): void {
    const frames = [
      this.#frame(begin, NLM_F_REQUEST),
      ...requests.map((request) => this.#frame(request, NLM_F_REQUEST | NLM_F_ACK)),
      this.#frame(end, NLM_F_REQUEST),
    ];
    // What is refused as a whole is refused in the name of the message that begins the batch.
    this.#exchangeAll(frames, (next) => {
      for (let acknowledged = 0; acknowledged < requests.length; ) {
        const end = endOf(next(deadline).frame);
        if (end === undefined) continue;
        if (end.errno !== 0) throw new NetlinkRefusal(end);
        acknowledged++;
      }
    });
  }

  /**
   * Requests in one datagram, which the kernel carries out in their order, past refusals, while this thread goes on: one exchange at a time.
   * Resolves to the acknowledgement of each. Rejects as `execute` throws, but for NetlinkRefusal.
   */
  async executeInBackground(requests: readonly Request[]): Promise<readonly Acknowledgement[]> {
    const frames = requests.map((request) => this.#frame(request, NLM_F_REQUEST | NLM_F_ACK));
    const answers = new Map<number, Acknowledgement>();
    try {
      await this.#socket.sendInBackground(encodeFrames(frames));
      while (frames.some(({ sequence }) => !answers.has(sequence))) {
        // They are there: the kernel was done before the message was sent.
        for (const frame of decodeFrames(this.#socket.receive(Deadline.in(0)))) {
          const end = endOf(frame);
          if (end !== undefined) answers.set(frame.sequence, end);
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
    return frames.flatMap(({ sequence }) => answers.get(sequence) ?? []);
  }

  close(): void {
    this.#broken = true;
    this.#socket.close();
  }

  #frame({ type, flags = 0, payload }: Request, more: number): Frame {
    this.#sequence = (this.#sequence % 0xffff_ffff) + 1;
    return { port: 0, sequence: this.#sequence, type, flags: flags | more, payload };
  }

  /** Sends them in one datagram, and receives what belongs to them, one message after the other. */
  #exchangeAll<T>(frames: readonly Frame[], collect: (next: (deadline: Deadline) => Received) => T): T {
    const waiting: Received[] = [];
    const next = (deadline: Deadline): Received => {
      for (;;) {
        const first = waiting.shift();
        if (first !== undefined) return first;
        for (const frame of decodeFrames(this.#socket.receive(deadline))) {
          const position = frames.findIndex(({ sequence }) => sequence === frame.sequence);
          if (position >= 0) waiting.push({ position, frame });
        }
      }
    };
    return this.#sendFrames(frames, () => collect(next));
  }

  #exchange<T>(request: Request, flags: number, answer: Decoder<T>, deadline: Deadline): Answer<T> {
    return this.#send(request, flags, () => this.#collect(answer, deadline));
  }

  #send<T>(request: Request, flags: number, collect: () => T): T {
    return this.#sendFrames([this.#frame(request, NLM_F_REQUEST | flags)], collect);
  }

  #sendFrames<T>(frames: readonly Frame[], collect: () => T): T {
    try {
      this.#socket.send(encodeFrames(frames));
      return collect();
    } catch (error) {
      if (!(error instanceof NetlinkRefusal)) this.close();
      throw error;
    }
  }

  /** Receives until the acknowledgement or the end of the dump. Each datagram is decoded before the next overwrites it. */
  #collect<T>(answer: Decoder<T>, deadline: Deadline): Answer<T> {
    const values: T[] = [];
    let torn = false;
    for (;;) {
      for (const frame of this.#receive(deadline)) {
        torn ||= (frame.flags & NLM_F_DUMP_INTR) !== 0;
        const end = endOf(frame);
        if (end === undefined) values.push(...decodeContent(frame, answer));
        else if (end.errno !== 0) throw new NetlinkRefusal(end);
        else return { values, torn };
      }
    }
  }

  /** The next messages, without what is left of a request that was given up. The kernel sends nothing else to a socket that is in no group. */
  #receive(deadline: Deadline): Frame[] {
    const frames = decodeFrames(this.#socket.receive(deadline));
    return frames.filter(({ sequence }) => sequence === this.#sequence);
  }
}

/** What nobody asked for. */
const anything: Decoder<undefined> = { decode: () => undefined };

/** A message, and which of the requests it answers. */
interface Received {
  readonly position: number;
  readonly frame: Frame;
}

/** In one datagram. */
function encodeFrames(frames: readonly Frame[]): Uint8Array {
  return writing((out) => {
    for (const frame of frames) {
      writeFrame(out, frame);
      out.align();
    }
  });
}

interface Answer<T> {
  readonly values: T[];
  /** NLM_F_DUMP_INTR: something changed meanwhile, and the list may miss what was always there. */
  readonly torn: boolean;
}

function endOf(frame: Frame): Acknowledgement | undefined {
  if (frame.type === NLMSG_ERROR) return decodeAcknowledgement(frame);
  if (frame.type === NLMSG_DONE) return decodeDone(frame);
  return undefined;
}

function decodeContent<T>(frame: Frame, answer: Decoder<T>): T[] {
  if (frame.type === NLMSG_NOOP) return [];
  if (frame.type === NLMSG_OVERRUN) throw new NetlinkOverrun();
  if (frame.type < 16) throw new NetlinkDecodeError(`a message has the unknown control type ${frame.type}`);
  return [answer.decode(frame.payload)];
}
