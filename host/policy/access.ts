import type { Door, Operation } from '../operations/operation.ts';

/** What a plugin asks for besides changing something. */
export type Inquiry =
  | { readonly kind: 'sandbox' | 'host' | 'log' | 'masquerade.read' | 'mac-guard.read' }
  | { readonly kind: 'link.read' | 'address.read' | 'route.read'; readonly door: Door }
  | { readonly kind: 'sysctl.read'; readonly door: Door; readonly key: string }
  | { readonly kind: 'lease.read'; readonly directory: string }
  | { readonly kind: 'resolver.read'; readonly path: string }
  /** Of an IPAM plugin, to run a verb of it: `executable` is the SHA-256 of one of the old kind, undefined for one of ours. */
  | {
      readonly kind: 'delegate';
      readonly type: string;
      readonly verb: DelegateVerb;
      readonly executable?: string | undefined;
    };

export type DelegateVerb = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC';

/** Everything that a plugin can do, as one value: what policies are about. */
export type Access = Operation | Inquiry;

export type AccessKind = Access['kind'];

interface Granting {
  readonly kinds: readonly AccessKind[];
  /** A grant that makes the import worth something. */
  readonly example: string;
}

const onOwnLink = 'door: sandbox, link: $ifname';

/** For each interface that a plugin may import, the kinds of access that it is for. */
const interfaces: Readonly<Record<string, Granting>> = {
  'bulkhead:net/sandbox': { kinds: ['sandbox'], example: '- sandbox' },
  'bulkhead:net/host': { kinds: ['host'], example: '- host' },
  'bulkhead:net/links': { kinds: ['link.read'], example: '- link.read: { door: sandbox }' },
  'bulkhead:net/link-control': {
    kinds: ['link.create', 'link.change', 'link.move', 'link.remove'],
    example: `- link.change: { ${onOwnLink}, set: { up: true } }`,
  },
  'bulkhead:net/bridge-ports': {
    kinds: ['port.change', 'port.add-vlans', 'port.remove-vlans'],
    example: '- port.change: { door: host, link: $created, set: { hairpin: true } }',
  },
  'bulkhead:net/addresses': {
    kinds: ['address.read', 'address.add', 'address.remove'],
    example: `- address.add: { ${onOwnLink}, prefix: $leased }`,
  },
  'bulkhead:net/routes': {
    kinds: ['route.read', 'route.add', 'route.replace', 'route.remove'],
    example: `- route.add: { ${onOwnLink}, destination: $routes, gateway: $gateways }`,
  },
  'bulkhead:net/sysctls': {
    kinds: ['sysctl.read', 'sysctl.write'],
    example: '- sysctl.read: { door: sandbox, key: "ipv4/conf/{$ifname}/*" }',
  },
  'bulkhead:net/link-setup': {
    kinds: ['sysctl.write', 'address.add', 'link.change', 'route.add'],
    example: `- link.change: { ${onOwnLink}, set: { up: true } }`,
  },
  'bulkhead:net/masquerade': {
    kinds: ['masquerade.read', 'masquerade.enable', 'masquerade.disable'],
    example: '- masquerade.enable: { when: $config/ipMasq, addresses: $leased }',
  },
  'bulkhead:net/mac-guard': {
    kinds: ['mac-guard.read', 'mac-guard.enable', 'mac-guard.disable'],
    example: '- mac-guard.enable: { when: $config/macspoofchk, link: $created }',
  },
  'bulkhead:ipam/leases': {
    kinds: ['lease.read', 'lease.reserve', 'lease.release'],
    example: '- lease.reserve: { dataDir: $config/ipam/dataDir, addresses: $subnets }',
  },
  'bulkhead:ipam/resolver': { kinds: ['resolver.read'], example: '- resolver.read: { path: $config/ipam/resolvConf }' },
  'bulkhead:ipam/delegate': { kinds: ['delegate'], example: '- delegate: { type: host-local }' },
  'bulkhead:cni/log': { kinds: ['log'], example: '- log' },
};

/** The kinds of access behind an import, by its id with or without version; none for those that give access to nothing. */
export function accessOf(importId: string): readonly AccessKind[] {
  return interfaceOf(importId)?.kinds ?? [];
}

/** A grant that an import needs, as an item of a policy. */
export function exampleOf(importId: string): string {
  return interfaceOf(importId)?.example ?? '';
}

function interfaceOf(importId: string): Granting | undefined {
  const name = withoutVersion(importId);
  return Object.hasOwn(interfaces, name) ? interfaces[name] : undefined;
}

/** `bulkhead:net/links@0.1.0` is `bulkhead:net/links`. */
export function withoutVersion(importId: string): string {
  return importId.split('@')[0] ?? importId;
}
