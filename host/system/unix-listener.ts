import { closeSync } from 'node:fs';
import { errnoNumbers } from './errno.ts';
import { systemCall, trySystemCall } from './libc.ts';
import { SystemError } from './system-error.ts';
import { UnixConnection } from './unix-socket.ts';

/** fcntl.h (asm-generic) */
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
/** sys/epoll.h */
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 0x1;
const EPOLLEXCLUSIVE = 0x1000_0000;
/** `struct epoll_event`: packed on x86-64 alone, where it has 12 bytes. It begins with the events everywhere. */
const sizeOfEvent = 16;

/**
 * A listening socket at which several threads wait. Who comes gets, of those that wait, the thread that made its listener first: the
 * kernel asks waiters of EPOLLEXCLUSIVE in their order (fs/eventpoll.c). Those of accept(2) take turns, so that each finds the
 * processor's caches full of another's memory.
 */
export class UnixListener implements Disposable {
  readonly #fd: number;
  readonly #epoll: number;
  readonly #event = Buffer.alloc(sizeOfEvent);

  /** The socket is the caller's, and does not block from here on. Throws SystemError. */
  constructor(fd: number) {
    this.#fd = fd;
    systemCall('fcntl', fd, F_SETFL, O_NONBLOCK);
    this.#epoll = systemCall('epoll_create1', EPOLL_CLOEXEC);
    this.#event.writeUInt32LE(EPOLLIN | EPOLLEXCLUSIVE, 0);
    systemCall('epoll_ctl', this.#epoll, EPOLL_CTL_ADD, fd, this.#event);
  }

  /** Waits for somebody to connect; receives and sends block for so many seconds at most. Throws SystemError. */
  accept(seconds: number): UnixConnection {
    for (;;) {
      const connection = UnixConnection.tryAccept(this.#fd, seconds);
      if (connection !== undefined) return connection;
      const ready = trySystemCall('epoll_wait', this.#epoll, this.#event, 1, -1);
      if (ready < 0 && ready !== -errnoNumbers.EINTR) throw new SystemError('epoll_wait', -ready);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#epoll);
  }
}
