import { closeSync } from 'node:fs';
import type { Deadline } from '../system/deadline.ts';
import { errnoNumbers } from '../system/errno.ts';
import { systemCall, systemCallInBackground, trySystemCall } from '../system/libc.ts';
import { beforeLongWait } from '../system/long-wait.ts';
import { SystemError } from '../system/system-error.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { NetlinkOverrun, NetlinkTimeout } from './errors.ts';
import { s32, struct, u16, u32 } from './fixed.ts';

/** What a connection needs of a socket; fakes implement it. */
export interface NetlinkSocket {
  send(message: Uint8Array): void;
  /** Sends it in another thread, and resolves when the kernel has carried out what it asks for. */
  sendInBackground(message: Uint8Array): Promise<void>;
  /**
   * The next datagram of the kernel, valid until the next call. Throws NetlinkTimeout when the deadline passes first (what is
   * there already is returned all the same), NetlinkOverrun for ENOBUFS, SystemError.
   */
  receive(deadline: Deadline): Uint8Array;
  close(): void;
}

export interface NetlinkSocketOptions {
  /** Multicast groups to join, by number: RTNLGRP_* (linux/rtnetlink.h). */
  readonly groups?: readonly number[];
  /** Called before each receive, also of a datagram that is there already. For tests: what it throws comes out of `receive`. */
  readonly beforeReceive?: (() => void) | undefined;
}

/** linux/socket.h, linux/netlink.h, asm-generic/socket.h */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const longestPoll = 2 ** 31 - 1;

/** poll.h: `struct pollfd`. */
const pollDescriptor = struct({ fd: s32, events: u16, happened: u16 });
/** linux/netlink.h: `struct sockaddr_nl`. */
const socketAddress = struct({ family: u16, pad: u16, port: u32, groups: u32 });
/** Dumps come in parts of 32 KiB; one thing can be longer than that, such as a link with hundreds of virtual functions (af_netlink.c, netlink_dump). */
const largestDatagram = 1024 * 1024;
/** Of the thread: a datagram is read before the next one comes. Pages that nothing was written to cost nothing. */
const buffer = new Uint8Array(largestDatagram);
/** Who sent it, filled by the kernel. */
const sender = new Uint8Array(socketAddress.size);
const senderView = new DataView(sender.buffer);
const senderLength = Uint32Array.of(sender.length);
const portOffset = 4;

/** A netlink socket of the network namespace that the thread was in when it was opened, whatever the thread enters later. */
export class KernelNetlinkSocket implements NetlinkSocket {
  readonly #fd: number;
  readonly #beforeReceive: (() => void) | undefined;
  #closed = false;

  /** `protocol` is NETLINK_* (linux/netlink.h). Throws SystemError. */
  constructor(protocol: number, { groups = [], beforeReceive }: NetlinkSocketOptions = {}) {
    this.#beforeReceive = beforeReceive;
    this.#fd = systemCall('socket', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    try {
      this.#prefer(NETLINK_EXT_ACK);
      this.#prefer(NETLINK_GET_STRICT_CHK);
      // Who only asks gets a port with its first request.
      if (groups.length > 0) this.#join(groups);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(message: Uint8Array): void {
    systemCall('send', this.#fd, message, message.length, 0);
  }

  async sendInBackground(message: Uint8Array): Promise<void> {
    const sent = await systemCallInBackground('send', this.#fd, message, message.length, 0);
    if (sent < 0) throw new Error('a netlink message could not be sent');
  }

  receive(deadline: Deadline): Uint8Array {
    this.#beforeReceive?.();
    for (;;) {
      const length = this.#receive();
      if (length < 0) this.#wait(deadline);
      // Only the kernel has port 0. Nobody else has business here.
      else if (senderPort() === 0) return whole(length);
      else if (deadline.passed) throw new NetlinkTimeout();
    }
  }

  /** SO_NETNS_COOKIE of the namespace that the socket belongs to (Linux 5.14). Throws SystemError. */
  namespaceCookie(): bigint {
    const cookie = new BigUint64Array(1);
    const bytes = new Uint8Array(cookie.buffer);
    systemCall('getsockopt', this.#fd, SOL_SOCKET, SO_NETNS_COOKIE, bytes, u32.encode(bytes.length));
    return cookie[0] ?? 0n;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  /** The length of a datagram, whose sender is in `sender` then; -1 where there is nothing to receive now. */
  #receive(): number {
    senderLength[0] = sender.length;
    const flags = MSG_TRUNC | MSG_DONTWAIT;
    const length = trySystemCall('recvfrom', this.#fd, buffer, buffer.length, flags, sender, senderLength);
    if (length >= 0) return length;
    if (length === -errnoNumbers.EAGAIN || length === -errnoNumbers.EINTR) return -1;
    throw length === -errnoNumbers.ENOBUFS ? new NetlinkOverrun() : new SystemError('recvfrom', -length);
  }

  #wait(deadline: Deadline): void {
    const remaining = deadline.remaining;
    beforeLongWait();
    const descriptor = pollDescriptor.encode({ fd: this.#fd, events: POLLIN, happened: 0 });
    const ready = trySystemCall('poll', descriptor, 1, Math.min(Math.ceil(remaining), longestPoll));
    if (ready < 0 && ready !== -errnoNumbers.EINTR) throw new SystemError('poll', -ready);
    if (ready === 0 && remaining === 0) throw new NetlinkTimeout();
  }

  /** Kernels that do not know the option have other ways: no texts in errors, dumps of everything. */
  #prefer(option: number): void {
    const result = trySystemCall('setsockopt', this.#fd, SOL_NETLINK, option, u32.encode(1), 4);
    if (result < 0 && result !== -errnoNumbers.ENOPROTOOPT) throw new SystemError('setsockopt', -result);
  }

  #join(groups: readonly number[]): void {
    const any = socketAddress.encode({ family: AF_NETLINK, pad: 0, port: 0, groups: 0 });
    systemCall('bind', this.#fd, any, any.length);
    for (const group of groups)
      systemCall('setsockopt', this.#fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, u32.encode(group), 4);
  }
}

function senderPort(): number {
  return u32.get(senderView, portOffset);
}

function whole(length: number): Uint8Array {
  if (length <= buffer.length) return buffer.subarray(0, length);
  throw new NetlinkDecodeError(`a datagram of ${length} bytes is longer than ${buffer.length}`);
}
