import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { sysctlSegments } from '../sysctl-key.ts';
import type { Attempting } from './kernel-errors.ts';
import type { NamespaceChannel } from './namespace-channel.ts';

/**
 * /proc/sys/net shows the network namespace of the thread that opens the file (net/sysctl_net.c, net_ctl_header_lookup), so it is
 * opened inside; what is open stays with its namespace, and is read and written from anywhere.
 */
export function readSysctl(channel: NamespaceChannel, key: string): string {
  const attempt = `read sysctl net/${key}`;
  return withSysctl(channel, { attempt, what: 'other' }, key, 'r', (fd) => readFileSync(fd, 'utf8').replace(/\n$/, ''));
}

export function writeSysctl(channel: NamespaceChannel, key: string, value: string): void {
  // In one write: the kernel takes each for a whole value.
  const attempt = `write ${JSON.stringify(value)} to sysctl net/${key}`;
  withSysctl(channel, { attempt, what: 'change' }, key, 'r+', (fd) => writeSync(fd, value));
}

function withSysctl<T>(
  channel: NamespaceChannel,
  { attempt, what }: { readonly attempt: string; readonly what: Attempting },
  key: string,
  flags: 'r' | 'r+',
  action: (fd: number) => T,
): T {
  const path = `/proc/sys/net/${sysctlSegments(attempt, key).join('/')}`;
  const use = () => {
    const fd = openSync(path, flags);
    try {
      return action(fd);
    } finally {
      closeSync(fd);
    }
  };
  return channel.inside(attempt, use, what);
}
