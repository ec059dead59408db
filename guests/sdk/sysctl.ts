// Settings below /proc/sys/net. Keys have slashes: ipv4/conf/eth0.100/arp_notify.

import { orFail } from 'bulkhead-sdk/failure';
import * as log from 'bulkhead-sdk/log';
import { Netns } from 'wit/net/namespaces';
import { read, write } from 'wit/net/sysctls';

/** Writes the value where it is another one. A write that changes nothing still costs the lock of all network settings. */
export function ensureSysctl(ns: Netns, key: string, value: string, attempt: string): void {
  const current = orFail(read(ns, key), attempt);
  if (current.trim() !== value) orFail(write(ns, key, value), attempt);
}

/** Writes the value if the kernel has the setting: it may be built or started without IPv6. */
export function tryWriteSysctl(ns: Netns, key: string, value: string): void {
  const written = write(ns, key, value);
  if (written.failed) log.debug(`${key} stays as it is: ${written.error.message}`);
}
