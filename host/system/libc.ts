import { loadKoffi } from './koffi.ts';
import { SystemError } from './system-error.ts';

/**
 * The C library's functions that Node has no equivalent of, as they are declared in section 2 of the manual. Each blocks its
 * thread, returns -1 on failure, and leaves `errno`. Lengths are bytes. Variadic functions (ioctl, fcntl, syscall) are declared with the
 * arguments used here; on x86-64 and AArch64 Linux both kinds are called alike.
 */
const prototypes = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, const void *address, uint32_t length)',
  connect: 'int connect(int fd, const void *address, uint32_t length)',
  getsockname: 'int getsockname(int fd, void *address, void *length)',
  send: 'int64_t send(int fd, const void *bytes, size_t length, int flags)',
  recvfrom: 'int64_t recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)',
  listen: 'int listen(int fd, int backlog)',
  accept4: 'int accept4(int fd, void *address, void *length, int flags)',
  epoll_create1: 'int epoll_create1(int flags)',
  epoll_ctl: 'int epoll_ctl(int epoll, int operation, int fd, void *event)',
  epoll_wait: 'int epoll_wait(int epoll, void *events, int most, int milliseconds)',
  recvmsg: 'int64_t recvmsg(int fd, _Inout_ msghdr *message, int flags)',
  poll: 'int poll(void *descriptors, unsigned long count, int milliseconds)',
  setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *length)',
  setns: 'int setns(int fd, int type)',
  unshare: 'int unshare(int flags)',
  clock_gettime: 'int clock_gettime(int clock, void *time)',
  ioctl: 'int ioctl(int fd, unsigned long request, size_t argument)',
  fstatfs: 'int fstatfs(int fd, void *status)',
  flock: 'int flock(int fd, int operation)',
  memfd_create: 'int memfd_create(const void *name, unsigned int flags)',
  renameat2: 'int renameat2(int from, const void *old, int to, const void *new, unsigned int flags)',
  fcntl: 'int fcntl(int fd, int command, long argument)',
  syscall: 'long syscall(long number, int fd, const void *path, void *how, size_t size)',
  _exit: 'void _exit(int status)',
} as const;

export type SystemCall = keyof typeof prototypes;

/** `struct msghdr` (sys/socket.h), with one `struct iovec`. */
export interface MessageHeader {
  readonly name: null;
  readonly namelen: 0;
  readonly iov: { readonly base: Uint8Array; readonly length: number };
  readonly iovlen: 1;
  readonly control: Uint8Array;
  /** Bytes of `control`; what was filled, after the call. */
  controllen: number;
  flags: number;
}

/** Descriptors, flags and lengths are numbers; what the call reads or fills is an array of the right size. */
type Argument = number | NodeJS.ArrayBufferView | MessageHeader | null;
type Function = ((...args: Argument[]) => number) & {
  readonly async: (...args: [...Argument[], (error: Error | null, result: number) => void]) => void;
};
interface Library {
  readonly errno: () => number;
  /** Those that were called. */
  readonly calls: Map<SystemCall, Function>;
  readonly declare: (prototype: string) => Function;
}

let library: Library | undefined;

/**
 * Makes a system call and returns what it returned, which is not negative. Loads koffi at the first call (1 ms).
 * Throws SystemError with the errno otherwise; EINTR is the caller's to repeat, since only it knows what time is left.
 */
export function systemCall(name: SystemCall, ...args: Argument[]): number {
  const result = trySystemCall(name, ...args);
  if (result < 0) throw new SystemError(name, -result);
  return result;
}

/** The same for callers to whom a failure is nothing unusual: returns the errno, negative, as the kernel itself does. */
export function trySystemCall(name: SystemCall, ...args: Argument[]): number {
  const result = callOf(name)(...args);
  return result < 0 ? -(library?.errno() ?? 0) : result;
}

function callOf(name: SystemCall): Function {
  library ??= load();
  const before = library.calls.get(name);
  if (before !== undefined) return before;
  const call = library.declare(prototypes[name]);
  library.calls.set(name, call);
  return call;
}

/** The same in another thread (of libuv's pool), while this one goes on. Resolves to what the call returned; what it failed with is not known. */
export function systemCallInBackground(name: SystemCall, ...args: Argument[]): Promise<number> {
  return new Promise((resolve, reject) => {
    callOf(name).async(...args, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function load(): Library {
  const koffi = loadKoffi();
  // Without a name: this process, which the C library is loaded into already, be it glibc or musl.
  const process = koffi.load(null);
  koffi.struct('iovec', { base: 'void *', length: 'size_t' });
  koffi.struct('msghdr', {
    ...{ name: 'void *', namelen: 'uint32_t', iov: 'iovec *', iovlen: 'size_t' },
    ...{ control: 'void *', controllen: 'size_t', flags: 'int' },
  });
  return { errno: () => koffi.errno(), calls: new Map(), declare: (prototype) => process.func(prototype) };
}
