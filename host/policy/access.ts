import type { Door, Operation } from '../operations/operation.ts';

/** What a plugin asks for besides changing something. */
export type Inquiry =
  | { readonly kind: 'sandbox' | 'host' | 'log' }
  | { readonly kind: 'link.read' | 'address.read' | 'route.read'; readonly door: Door }
  | { readonly kind: 'sysctl.read'; readonly door: Door; readonly key: string }
  | { readonly kind: 'lease.read'; readonly directory: string }
  | { readonly kind: 'resolver.read'; readonly path: string }
  /** Of an IPAM plugin: `executable` is the SHA-256 of one of the old kind, undefined for one of ours. */
  | { readonly kind: 'delegate'; readonly type: string; readonly executable?: string | undefined };

/** Everything that a plugin can do, as one value: what policies are about. */
export type Access = Operation | Inquiry;

export type AccessKind = Access['kind'];

/** For each interface that a plugin may import, the kinds of access that it is for. Those that are not here give access to nothing. */
const interfaces: Readonly<Record<string, readonly AccessKind[]>> = {
  'bulkhead:net/sandbox': ['sandbox'],
  'bulkhead:net/host': ['host'],
  'bulkhead:net/links': ['link.read'],
  'bulkhead:net/link-control': ['link.create', 'link.change', 'link.move', 'link.remove'],
  'bulkhead:net/bridge-ports': ['port.change', 'port.add-vlans', 'port.remove-vlans'],
  'bulkhead:net/addresses': ['address.read', 'address.add', 'address.remove'],
  'bulkhead:net/routes': ['route.read', 'route.add', 'route.replace', 'route.remove'],
  'bulkhead:net/sysctls': ['sysctl.read', 'sysctl.write'],
  'bulkhead:ipam/leases': ['lease.read', 'lease.reserve', 'lease.release'],
  'bulkhead:ipam/resolver': ['resolver.read'],
  'bulkhead:ipam/delegate': ['delegate'],
  'bulkhead:cni/log': ['log'],
};

/** The kinds of access behind an import, by its id with or without version; none for types and for the way out. */
export function accessOf(importId: string): readonly AccessKind[] {
  return interfaces[withoutVersion(importId)] ?? [];
}

/** `bulkhead:net/links@0.1.0` is `bulkhead:net/links`. */
export function withoutVersion(importId: string): string {
  return importId.split('@')[0] ?? importId;
}
