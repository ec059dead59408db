/**
 * What the executable in /opt/cni/bin (native/shim) and the daemon say to each other over a stream socket: one request, one answer.
 * Numbers are little-endian. With the first byte of a request come descriptors (SCM_RIGHTS): the caller's own network
 * namespace, then CNI_NETNS, where it was opened.
 */

/** "BLK1" */
const magic = 0x314b_4c42;

export const requestHeaderSize = 48;
const answerHeaderSize = 16;

/** No type is longer, no environment, no configuration. */
const most = { type: 255, environment: 1024 * 1024, stdin: 32 * 1024 * 1024 + 1 };

const sandboxAttached = 1;
const sandboxMissing = 2;

/** The fixed part of a request. */
export interface RequestHeader {
  /** Whether a descriptor of CNI_NETNS came along; `missing`: there is nothing at that path (DEL only). */
  readonly sandbox: 'attached' | 'missing' | 'none';
  readonly typeLength: number;
  readonly environmentLength: number;
  readonly stdinLength: number;
  /** CLOCK_MONOTONIC of when the caller began, nanoseconds. */
  readonly began: bigint;
  /** Inodes of the caller's mount and user namespaces. */
  readonly mountNamespace: bigint;
  readonly userNamespace: bigint;
}

/** A call as it was executed. */
export interface Request {
  /** The name that the executable stands for. */
  readonly type: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
}

/** It is not what a shim says. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Throws ProtocolError. */
export function decodeHeader(bytes: Uint8Array): RequestHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, requestHeaderSize);
  const flags = view.readUInt32LE(4);
  const [typeLength, environmentLength, stdinLength] = [8, 12, 16].map((at) => view.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  if (view.readUInt32LE(0) !== magic) throw new ProtocolError('a request begins with BLK1');
  if (typeLength > most.type || environmentLength > most.environment || stdinLength > most.stdin) {
    throw new ProtocolError('a request is too large');
  }
  return {
    sandbox: (flags & sandboxAttached) !== 0 ? 'attached' : (flags & sandboxMissing) !== 0 ? 'missing' : 'none',
    ...{ typeLength, environmentLength, stdinLength },
    began: view.readBigUInt64LE(24),
    mountNamespace: view.readBigUInt64LE(32),
    userNamespace: view.readBigUInt64LE(40),
  };
}

/** Length of what follows the header. */
export function bodyLength({ typeLength, environmentLength, stdinLength }: RequestHeader): number {
  return typeLength + environmentLength + stdinLength;
}

export function decodeBody({ typeLength, environmentLength }: RequestHeader, body: Uint8Array): Request {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const variables = text.toString('utf8', typeLength, typeLength + environmentLength).split('\0');
  return {
    type: text.toString('utf8', 0, typeLength),
    environment: Object.fromEntries(
      variables
        .filter((one) => one.includes('='))
        .map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    ),
    stdin: body.subarray(typeLength + environmentLength),
  };
}

/** What the caller prints, and its exit status. */
export interface PrintedAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export function encodeAnswer({ stdout, stderr, exitCode }: PrintedAnswer): Uint8Array {
  const texts = [Buffer.from(stdout), Buffer.from(stderr)] as const;
  return Buffer.concat([answerHeader(0, exitCode, texts[0].length, texts[1].length), ...texts]);
}

/** The caller lives in other namespaces than this daemon, or came too late: it is to answer by itself. */
export function encodeRefusal(): Uint8Array {
  return answerHeader(1, 0, 0, 0);
}

function answerHeader(kind: 0 | 1, exitCode: number, stdoutLength: number, stderrLength: number): Buffer {
  const header = Buffer.alloc(answerHeaderSize);
  header.writeUInt32LE(magic, 0);
  header.writeUInt8(kind, 4);
  header.writeUInt8(exitCode, 5);
  header.writeUInt32LE(stdoutLength, 8);
  header.writeUInt32LE(stderrLength, 12);
  return header;
}
