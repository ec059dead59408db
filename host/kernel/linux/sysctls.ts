import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { sysctlSegments } from '../sysctl-key.ts';
import type { RouteChannel } from './route-channel.ts';

/**
 * /proc/sys/net shows the network namespace of the thread that opens the file (net/sysctl_net.c, net_ctl_header_lookup), so it is
 * opened inside; what is open stays with its namespace, and is read and written from anywhere.
 */
export function readSysctl(channel: RouteChannel, key: string): string {
  const attempt = `read sysctl net/${key}`;
  return withSysctl(channel, attempt, key, 'r', (fd) => readFileSync(fd, 'utf8').replace(/\n$/, ''));
}

export function writeSysctl(channel: RouteChannel, key: string, value: string): void {
  // In one write: the kernel takes each for a whole value.
  withSysctl(channel, `write ${JSON.stringify(value)} to sysctl net/${key}`, key, 'r+', (fd) => writeSync(fd, value));
}

function withSysctl<T>(
  channel: RouteChannel,
  attempt: string,
  key: string,
  flags: 'r' | 'r+',
  action: (fd: number) => T,
): T {
  const path = `/proc/sys/net/${sysctlSegments(attempt, key).join('/')}`;
  return channel.inside(attempt, () => {
    const fd = openSync(path, flags);
    try {
      return action(fd);
    } finally {
      closeSync(fd);
    }
  });
}
