import { readFileSync, readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';

/** A worker that takes the namespace it is given for its host's, and tells what it saw there. */
const ownNamespace = () => readlinkSync('/proc/thread-self/ns/net');
const before = ownNamespace();
const kernel = openLinuxKernel({ hostNamespace: String(workerData) });
const links = kernel.host.links().map(({ name }) => name);
const moved = ownNamespace() !== before;
kernel.host.writeSysctl('ipv4/conf/lo/arp_notify', '7');
const written = readFileSync('/proc/sys/net/ipv4/conf/lo/arp_notify', 'utf8').trim();
kernel.close();
parentPort?.postMessage({ links, moved, written, back: ownNamespace() === before });
