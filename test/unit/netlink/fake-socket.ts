import { NetlinkTimeout } from '../../../host/netlink/errors.ts';
import { decodeFrames, encodeFrame, type Frame } from '../../../host/netlink/frame.ts';
import type { NetlinkSocket } from '../../../host/netlink/socket.ts';
import type { Deadline } from '../../../host/system/deadline.ts';

/** What the other side of a socket says to the n-th request: frames of one datagram each, or an error to be thrown. */
export type Script = (request: Frame) => readonly (readonly Partial<Frame>[] | Error)[];

/** A socket whose kernel follows a script. Answers carry the request's sequence number unless they say otherwise. */
export class FakeSocket implements NetlinkSocket {
  readonly requests: Frame[] = [];
  /** How many messages of the socket they came in. */
  datagrams = 0;
  closed = false;
  readonly #scripts: Script[];
  readonly #answers: (Uint8Array | Error)[] = [];

  constructor(...scripts: Script[]) {
    this.#scripts = scripts;
  }

  send(message: Uint8Array): void {
    this.datagrams++;
    const requests = decodeFrames(message);
    if (requests.length === 0) throw new TypeError('an empty request');
    for (const request of requests) this.#hear(request);
  }

  async sendInBackground(message: Uint8Array): Promise<void> {
    this.send(message);
  }

  #hear(request: Frame): void {
    this.requests.push(request);
    const { sequence } = request;
    const script = this.#scripts[this.requests.length - 1] ?? this.#scripts.at(-1);
    for (const answer of script?.(request) ?? []) {
      if (answer instanceof Error) this.#answers.push(answer);
      else this.#answers.push(Buffer.concat(answer.map((frame) => this.#encode({ sequence, ...frame }))));
    }
  }

  receive(_deadline: Deadline): Uint8Array {
    const answer = this.#answers.shift();
    if (answer === undefined) throw new NetlinkTimeout();
    if (answer instanceof Error) throw answer;
    return answer;
  }

  close(): void {
    this.closed = true;
  }

  #encode(frame: Partial<Frame>): Uint8Array {
    const bytes = encodeFrame({
      type: 16,
      flags: 0,
      sequence: 0,
      port: 0,
      payload: new Uint8Array(0),
      ...frame,
    });
    return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  }
}
