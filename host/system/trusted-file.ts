import { closeSync, constants, fstatSync, lstatSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoNumbers, errnoText } from './errno.ts';
import { trySystemCall } from './libc.ts';

/** A file that may not be relied on: somebody else could have written it, or it is not what it should be. */
export class UntrustedFile extends Error {
  override readonly name = 'UntrustedFile';
}

/** openat2(2); there is no function for it in the C library. */
const SYS_openat2 = 437;
/** linux/openat2.h */
const RESOLVE_NO_SYMLINKS = 0x04;
const AT_FDCWD = -100;

/** The permission bits of group and others to write, and the sticky bit, under which only owners remove. */
const writableByOthers = 0o022;
const sticky = 0o1000;

/**
 * Reads a regular file once, through a path without a symbolic link on it. Throws UntrustedFile where there is one, where the file is
 * not a regular one, or has more than `most` bytes.
 */
export function readWithoutLinks(path: string, most: number): Buffer {
  const fd = openWithoutLinks(path);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new UntrustedFile(`${path} is not a regular file`);
    if (stat.size > most) throw new UntrustedFile(`${path} has ${stat.size} bytes, and may have ${most}`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Throws UntrustedFile where the file or a directory above it belongs to, or can be written by, anyone but root and the effective user.
 * Where symbolic links lead to it, that goes for each on the way.
 */
export function assertTrusted(path: string): void {
  for (const step of stepsTo(resolve(path))) {
    for (let at = step, above = ''; at !== above; above = at, at = dirname(at)) {
      const stat = statSync(at, { throwIfNoEntry: false });
      if (stat === undefined) throw new UntrustedFile(`${at} does not exist`);
      const fault = faultOf(stat);
      if (fault !== undefined)
        throw new UntrustedFile(at === resolve(path) ? `${at} ${fault}` : `${path}: ${at} ${fault}`);
    }
  }
}

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;

/** The path, and what it is with each symbolic link on it followed, one after the other. */
function* stepsTo(path: string): Generator<string> {
  let at = path;
  for (let followed = 0; followed <= mostLinks; followed++) {
    yield at;
    const next = followFirst(at);
    if (next === undefined) return;
    at = next;
  }
  throw new UntrustedFile(`${path}: too many symbolic links`);
}

function followFirst(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  for (let length = 1; length <= parts.length; length++) {
    const at = `/${parts.slice(0, length).join('/')}`;
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink())
      return resolve(dirname(at), readlinkSync(at), ...parts.slice(length));
  }
  return undefined;
}

function faultOf(stat: Stats): string | undefined {
  if (stat.uid !== 0 && stat.uid !== process.geteuid?.() && !isOutside(stat.uid)) {
    return `belongs to user ${stat.uid}, not to root`;
  }
  const shared = stat.isDirectory() && (stat.mode & sticky) !== 0;
  if ((stat.mode & writableByOthers) !== 0 && !shared) return 'can be written by others';
  return undefined;
}

/**
 * Whether a user is one of those outside a user namespace, who all look alike from within (user_namespaces(7)): root outside owns the
 * directories above everything, and cannot be told from others.
 */
function isOutside(uid: number): boolean {
  const mapped = readFileSync('/proc/self/uid_map', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return !mapped.some(([first = 0, , count = 0]) => first <= uid && uid < first + count);
}

function openWithoutLinks(path: string): number {
  const how = new Uint8Array(24);
  const view = new DataView(how.buffer);
  view.setBigUint64(0, BigInt(constants.O_RDONLY | constants.O_NONBLOCK | 0o2000000 /* O_CLOEXEC */), true);
  view.setBigUint64(16, BigInt(RESOLVE_NO_SYMLINKS), true);
  const name = new TextEncoder().encode(`${path}\0`);
  const result = trySystemCall('syscall', SYS_openat2, AT_FDCWD, name, how, how.length);
  if (result >= 0) return result;
  if (result === -errnoNumbers.ELOOP) throw new UntrustedFile(`there is a symbolic link on the way to ${path}`);
  // Seccomp filters say so where they do not know it, or cannot look into its arguments.
  const what = result === -errnoNumbers.ENOSYS ? ' (openat2)' : '';
  throw new UntrustedFile(`cannot read ${path}: ${errnoText(-result)}${what}`);
}
