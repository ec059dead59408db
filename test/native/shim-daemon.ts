import { closeSync } from 'node:fs';
import {
  bodyLength,
  decodeBody,
  decodeHeader,
  encodeAnswer,
  type Request,
  type RequestHeader,
  requestHeaderSize,
} from '../../host/daemon/protocol.ts';
import { systemCall } from '../../host/system/libc.ts';
import { listenAt, UnixConnection } from '../../host/system/unix-socket.ts';

/** POLLIN (poll.h) */
const readable = 1;

/** Listens where a shim looks for the daemon; reads and answers as a test says. Blocks the thread, as the daemon's workers do. */
export class FakeDaemon implements Disposable {
  readonly #listening: number;

  constructor(path: string, backlog = 16) {
    this.#listening = listenAt(path, backlog);
  }

  /** Whether somebody connects within that time. */
  isCalled(milliseconds: number): boolean {
    const polled = Buffer.alloc(8);
    polled.writeInt32LE(this.#listening, 0);
    polled.writeInt16LE(readable, 4);
    return systemCall('poll', polled, 1, milliseconds) > 0;
  }

  /** Throws where nobody connects within ten seconds. */
  accept(): UnixConnection {
    if (!this.isCalled(10_000)) throw new Error('no shim connects');
    return UnixConnection.accept(this.#listening, 10);
  }

  [Symbol.dispose](): void {
    closeSync(this.#listening);
  }
}

/** A whole request, as the daemon decodes it. */
export function receive(connection: UnixConnection): Request & { readonly header: RequestHeader } {
  const head = new Uint8Array(requestHeaderSize);
  if (!connection.receive(head)) throw new Error('there is no request');
  const header = decodeHeader(head);
  const body = new Uint8Array(bodyLength(header));
  if (!connection.receive(body)) throw new Error('the request ends early');
  return { header, ...decodeBody(header, body) };
}

/** Receives the request of the shim that was started, and answers. */
export function serve(daemon: FakeDaemon, answer: Partial<Parameters<typeof encodeAnswer>[0]> = {}) {
  using connection = daemon.accept();
  const request = receive(connection);
  connection.send(encodeAnswer({ stdout: '', stderr: '', exitCode: 0, ...answer }));
  return request;
}
