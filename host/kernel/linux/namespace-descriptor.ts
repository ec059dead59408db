import { closeSync, constants, openSync, statfsSync } from 'node:fs';
import { errnoNumbers, errnoText } from '../../system/errno.ts';
import { systemCall, trySystemCall } from '../../system/libc.ts';
import { NamespaceError, type NamespaceErrorCode } from '../errors.ts';

/** linux/magic.h. Namespaces were procfs files before Linux 3.19; the Go plugins still let those pass, and setns refuses them. */
const NSFS_MAGIC = 0x6e73_6673;
/** linux/nsfs.h: _IO(0xb7, 3) */
const NS_GET_NSTYPE = 0xb703;
/** linux/sched.h: the type of a network namespace. */
export const CLONE_NEWNET = 0x4000_0000;

/**
 * Opens a network namespace by path. A FIFO does not hang it, a terminal does not become the process's own, and devices are not
 * opened at all. Throws NamespaceError in the words of the reference plugins (pkg/ns, IsNSorErr): they are part of what
 * runtimes match on.
 */
export function openNamespaceDescriptor(path: string): number {
  requireNamespaceFile(path, () => statfsSync(path).type);
  const fd = attempt(`open ${path}`, () =>
    openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY),
  );
  try {
    // Again for what was opened: the path may lead somewhere else by now.
    requireNetworkNamespace(fd, path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Throws NamespaceError where the descriptor is of something else; `path` is what it was opened by. */
export function requireNetworkNamespace(fd: number, path: string): void {
  if (trySystemCall('ioctl', fd, NS_GET_NSTYPE, 0) === CLONE_NEWNET) return;
  requireNamespaceFile(path, () => fileSystemMagic(fd));
  throw new NamespaceError('not-a-network-namespace', `${JSON.stringify(path)} is not a network namespace`);
}

function requireNamespaceFile(path: string, magicOf: () => number): void {
  const magic = attempt(`failed to Statfs ${JSON.stringify(path)}`, magicOf);
  if (magic !== NSFS_MAGIC) {
    throw new NamespaceError('not-a-namespace', `unknown FS magic on ${JSON.stringify(path)}: ${magic.toString(16)}`);
  }
}

/** statfs(2): `struct statfs` has 120 bytes on 64-bit machines, and begins with the type as a long. */
function fileSystemMagic(fd: number): number {
  const status = new Uint8Array(120);
  systemCall('fstatfs', fd, status);
  return new DataView(status.buffer).getUint32(0, true);
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
    const errno = Math.abs(error.errno);
    const code: NamespaceErrorCode = errno === errnoNumbers.ENOENT ? 'missing' : 'inaccessible';
    throw new NamespaceError(code, `${what}: ${errnoText(errno)}`, { cause: error });
  }
}
