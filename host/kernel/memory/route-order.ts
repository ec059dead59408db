import { ipBytes, ipFamily } from '../../net/ip.ts';
import { prefixAddress, prefixLength } from '../../net/prefix.ts';
import type { RouteModel } from './model.ts';

/** IPv4 first; by network, the longer prefix first, then by priority. Of equals, the order they have stays (sort is stable). */
export function compareRoutes(a: RouteModel, b: RouteModel): number {
  const [left, right] = [prefixAddress(a.destination), prefixAddress(b.destination)];
  return (
    ipFamily(left) - ipFamily(right) ||
    compareBytes(ipBytes(left), ipBytes(right)) ||
    prefixLength(b.destination) - prefixLength(a.destination) ||
    a.priority - b.priority
  );
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (const [i, byte] of a.entries()) {
    const difference = byte - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
