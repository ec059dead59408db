import { closeSync } from 'node:fs';
import { errnoNumbers } from './errno.ts';
import { systemCall, trySystemCall } from './libc.ts';
import { writeAll } from './write.ts';

/** linux/memfd.h */
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
/** linux/fcntl.h: F_ADD_SEALS with F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE. */
const F_ADD_SEALS = 1033;
const allSeals = 0x0f;

/**
 * A file in memory with these bytes that nobody can change any more, to be executed: what was checked is what runs. The descriptor is the
 * caller's to close. Throws SystemError.
 */
export function sealedFile(name: string, bytes: Uint8Array): number {
  const text = new TextEncoder().encode(`${name}\0`);
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  // Before Linux 6.3 there is no MFD_EXEC, and every such file can be executed.
  const made = trySystemCall('memfd_create', text, flags | MFD_EXEC);
  const fd = made === -errnoNumbers.EINVAL ? systemCall('memfd_create', text, flags) : made;
  if (fd < 0) return systemCall('memfd_create', text, flags | MFD_EXEC);
  try {
    writeAll(fd, bytes);
    systemCall('fcntl', fd, F_ADD_SEALS, allSeals);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
