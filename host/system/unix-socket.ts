import { closeSync } from 'node:fs';
import { errnoNumbers } from './errno.ts';
import { type MessageHeader, systemCall, trySystemCall } from './libc.ts';
import { SystemError } from './system-error.ts';

/** sys/socket.h, sys/un.h */
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const MSG_CTRUNC = 0x8;
const MSG_NOSIGNAL = 0x4000;
const sizeOfCmsghdr = 16;

/** poll.h */
const POLLIN = 0x1;
const POLLRDHUP = 0x2000;
const POLLHUP = 0x10;
const POLLERR = 0x8;

/** `struct sockaddr_un`. Throws RangeError for a path that does not fit. */
function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path);
  if (name.length > 107) throw new RangeError(`a socket's path has 107 bytes at most: ${path}`);
  const address = Buffer.alloc(2 + name.length + 1);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  // In the abstract namespace, as `@` spells it (systemd's sd_notify(3)).
  if (path.startsWith('@')) address[2] = 0;
  return path.startsWith('@') ? address.subarray(0, -1) : address;
}

/** A listening stream socket at that path, which must not be there. Its descriptor is the caller's. Throws SystemError. */
export function listenAt(path: string, backlog: number): number {
  const fd = systemCall('socket', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  try {
    const address = unixAddress(path);
    systemCall('bind', fd, address, address.length);
    systemCall('listen', fd, backlog);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether somebody has connected to a listening socket, and nobody has accepted that yet. */
export function isAnybodyWaiting(listening: number): boolean {
  const polled = Buffer.alloc(8);
  polled.writeInt32LE(listening, 0);
  polled.writeInt16LE(POLLIN, 4);
  return trySystemCall('poll', polled, 1, 0) > 0;
}

/** Sends one datagram to the socket at that path. Throws SystemError. */
export function sendDatagram(path: string, bytes: Uint8Array): void {
  const fd = systemCall('socket', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const address = unixAddress(path);
    systemCall('connect', fd, address, address.length);
    systemCall('send', fd, bytes, bytes.length, MSG_NOSIGNAL);
  } finally {
    closeSync(fd);
  }
}

/** One connection of a peer, for the calling thread alone; receives and sends block it, for so long at most. */
export class UnixConnection implements Disposable {
  readonly #fd: number;
  readonly #polled = Buffer.alloc(8);
  /** Passed along with what was received so far, in their order; closed with the connection. */
  readonly descriptors: number[] = [];

  private constructor(fd: number) {
    this.#fd = fd;
    this.#polled.writeInt32LE(fd, 0);
    this.#polled.writeInt16LE(POLLRDHUP, 4);
  }

  /** Waits for somebody to connect, where the socket blocks; see `UnixListener`. Throws SystemError. */
  static accept(listening: number, seconds: number): UnixConnection {
    for (;;) {
      const connection = UnixConnection.tryAccept(listening, seconds);
      if (connection !== undefined) return connection;
    }
  }

  /** Undefined where there is nobody, or who was there has gone. Throws SystemError. */
  static tryAccept(listening: number, seconds: number): UnixConnection | undefined {
    const fd = trySystemCall('accept4', listening, null, null, SOCK_CLOEXEC);
    if (transient.includes(-fd)) return undefined;
    if (fd < 0) throw new SystemError('accept4', -fd);
    const connection = new UnixConnection(fd);
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(BigInt(seconds), 0);
    for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
      systemCall('setsockopt', fd, SOL_SOCKET, option, timeout, timeout.length);
    }
    return connection;
  }

  /** Who connected (`struct ucred`). Throws SystemError. */
  peer(): { readonly pid: number; readonly uid: number } {
    const credentials = Buffer.alloc(12);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(12);
    systemCall('getsockopt', this.#fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
    return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(4) };
  }

  /** Fills the bytes. Returns false where the peer has ended before. Throws SystemError, EAGAIN where it took too long. */
  receive(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; ) {
      const received = this.receiveSome(bytes.subarray(at));
      if (received === 0) return false;
      at += received;
    }
    return true;
  }

  /** Receives what there is, which it waits for; 0 where the peer has ended. Throws SystemError as `receive` does. */
  receiveSome(base: Uint8Array): number {
    const control = new Uint8Array(64);
    const header: MessageHeader = {
      ...{ name: null, namelen: 0, iov: { base, length: base.length }, iovlen: 1 },
      ...{ control, controllen: control.length, flags: 0 },
    };
    for (;;) {
      const received = trySystemCall('recvmsg', this.#fd, header, MSG_CMSG_CLOEXEC);
      if (received === -errnoNumbers.EINTR) continue;
      if (received < 0) throw new SystemError('recvmsg', -received);
      this.#keepDescriptors(control.subarray(0, header.controllen));
      if ((header.flags & MSG_CTRUNC) !== 0) throw new SystemError('recvmsg', errnoNumbers.EMSGSIZE);
      return received;
    }
  }

  #keepDescriptors(control: Uint8Array): void {
    const view = Buffer.from(control.buffer, control.byteOffset, control.byteLength);
    if (view.length < sizeOfCmsghdr || view.readInt32LE(8) !== SOL_SOCKET || view.readInt32LE(12) !== SCM_RIGHTS)
      return;
    const end = Number(view.readBigUInt64LE(0));
    for (let at = sizeOfCmsghdr; at + 4 <= end; at += 4) this.descriptors.push(view.readInt32LE(at));
  }

  /** Sends all of it; false where the peer has gone. Throws SystemError. */
  send(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; ) {
      const rest = bytes.subarray(at);
      const sent = trySystemCall('send', this.#fd, rest, rest.length, MSG_NOSIGNAL);
      if (sent >= 0) at += sent;
      else if (sent === -errnoNumbers.EPIPE || sent === -errnoNumbers.ECONNRESET) return false;
      else if (sent !== -errnoNumbers.EINTR) throw new SystemError('send', -sent);
    }
    return true;
  }

  /** Whether the peer has closed its end, or is gone. */
  get hungUp(): boolean {
    this.#polled.writeInt16LE(0, 6);
    const ready = trySystemCall('poll', this.#polled, 1, 0);
    return ready > 0 && (this.#polled.readInt16LE(6) & (POLLRDHUP | POLLHUP | POLLERR)) !== 0;
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.descriptors.splice(0), this.#fd]) closeSync(fd);
  }
}

/** What accept(2) says to try again: there is nobody, the peer went away meanwhile, a signal. */
const transient: readonly number[] = [errnoNumbers.EAGAIN, errnoNumbers.EINTR, errnoNumbers.ECONNABORTED];
