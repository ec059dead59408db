import { readFileSync, statSync } from 'node:fs';

/** Of this boot and no other: a UUID. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * When this machine was started, at the latest: milliseconds since the epoch. What is older is of an earlier boot for certain.
 *
 * `btime` of /proc/stat is the clock less the uptime, and moves when the clock is set or the machine was suspended; the node /dev/null
 * of devtmpfs has the time that the clock showed when the kernel made it. The earlier of both never lies within this boot.
 */
export function bootTime(): number {
  const [, seconds] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1000, statSync('/dev/null').mtimeMs);
}
