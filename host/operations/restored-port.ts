import type { BridgePort, NetworkNamespace, VlanRange } from '../kernel/kernel.ts';
import { restoring, restoringEach } from './undoing.ts';

/** Makes the port what it was. Nothing where it is none. */
export function restorePort(
  namespace: NetworkNamespace,
  index: number,
  { hairpin, isolated, vlans }: BridgePort,
): void {
  if (namespace.bridgePort(index) === undefined) return;
  restoringEach({ hairpin, isolated }, (field) => namespace.changeBridgePort(index, field));
  restoreVlans(namespace, index, vlans);
}

/** Whatever VLANs it has by now. Nothing where the link is no port. */
export function restoreVlans(namespace: NetworkNamespace, index: number, before: readonly VlanRange[]): void {
  const port = namespace.bridgePort(index);
  if (port === undefined) return;
  const surplus = port.vlans.filter((one) => !before.some((other) => isSameRange(one, other)));
  if (surplus.length === 0 && port.vlans.length === before.length) return;
  restoring(() => namespace.removePortVlans(index, surplus));
  restoring(() => namespace.addPortVlans(index, before));
}

function isSameRange(a: VlanRange, b: VlanRange): boolean {
  return a.first === b.first && a.last === b.last && a.pvid === b.pvid && a.untagged === b.untagged;
}
