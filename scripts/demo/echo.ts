import { closeSync, openSync } from 'node:fs';
import type { ThreadNamespace } from '../../host/kernel/linux/thread-namespace.ts';
import { type IpAddress, ipBytes } from '../../host/net/ip.ts';
import { systemCall, trySystemCall } from '../../host/system/libc.ts';

/** sys/socket.h, netinet/in.h, poll.h */
const AF_INET = 2;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const IPPROTO_ICMP = 1;
const POLLIN = 1;

/**
 * Sends an ICMP echo request (RFC 792) from a network namespace, and waits for the answer. Returns milliseconds there and back, undefined
 * where none came within a second. Throws SystemError where the address cannot be reached at all.
 */
export function echo(thread: ThreadNamespace, namespacePath: string, address: IpAddress): number | undefined {
  const namespace = openSync(namespacePath, 'r');
  try {
    return thread.inside(namespace, () => exchange(address));
  } finally {
    closeSync(namespace);
  }
}

function exchange(address: IpAddress): number | undefined {
  const socket = systemCall('socket', AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_ICMP);
  try {
    systemCall('connect', socket, socketAddress(address), 16);
    const request = echoRequest();
    const started = performance.now();
    systemCall('send', socket, request, request.length, 0);
    return awaitReply(socket, request, started);
  } finally {
    closeSync(socket);
  }
}

function awaitReply(socket: number, request: Uint8Array, started: number): number | undefined {
  const packet = Buffer.alloc(1500);
  for (let left = 1000; left > 0; left = 1000 - (performance.now() - started)) {
    const waiting = Buffer.alloc(8);
    waiting.writeInt32LE(socket, 0);
    waiting.writeInt16LE(POLLIN, 4);
    if (trySystemCall('poll', waiting, 1, Math.ceil(left)) <= 0) return undefined;
    const length = systemCall(
      'recvfrom',
      socket,
      packet,
      packet.length,
      0,
      new Uint8Array(16),
      Uint8Array.of(16, 0, 0, 0),
    );
    if (isReply(packet.subarray(0, length), request)) return performance.now() - started;
  }
  return undefined;
}

/** Type 0 after the IP header, with the identifier, sequence number and data of the request. */
function isReply(packet: Buffer, request: Uint8Array): boolean {
  const icmp = packet.subarray(((packet[0] ?? 0) & 0x0f) * 4);
  return icmp[0] === 0 && icmp.subarray(4).equals(request.subarray(4));
}

function echoRequest(): Uint8Array {
  const request = Buffer.alloc(8 + 16);
  request[0] = 8;
  request.writeUInt16BE(process.pid & 0xffff, 4);
  request.write('bulkhead demo', 8);
  request.writeUInt16BE(checksum(request), 2);
  return request;
}

/** RFC 1071 */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** struct sockaddr_in */
function socketAddress(address: IpAddress): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.set(ipBytes(address), 4);
  return bytes;
}
