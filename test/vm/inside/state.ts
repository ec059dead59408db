import type { TestNamespace } from '../../kernel/namespace.ts';
import { run } from './side.ts';

type Item = Readonly<Record<string, unknown>>;

/** A namespace as iproute2 shows it: nothing of the code under test. */
export interface State {
  readonly links: readonly Item[];
  readonly routes: readonly Item[];
  /** Of each port of a bridge, as `bridge vlan` writes them: `100 PVID Egress Untagged`, `200-203`. */
  readonly vlans: Readonly<Record<string, readonly string[]>>;
}

const commands = [
  'ip -j -d address',
  'ip -j -4 route show table all',
  'ip -j -6 route show table all',
  'bridge -compressvlans -j vlan',
];

export function stateOf(namespace: TestNamespace): State {
  // One process for all four, since processes are what takes time.
  const texts = run(namespace, commands.map((command) => `${command}; echo =`).join('; ')).split('=\n');
  const [links = [], ofIpv4 = [], ofIpv6 = [], vlans = []] = texts.map((text) => JSON.parse(text.trim() || '[]'));
  return {
    links: links.map(linkOf),
    routes: [...ofIpv4, ...ofIpv6].filter(isLasting).map(routeOf),
    vlans: Object.fromEntries(vlans.map((port: Item) => [port.ifname, (port.vlans as Item[]).map(vlanText)])),
  };
}

/** Without what is drawn at random or the machine's own, and in an order. */
export function masked(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC')
    .replaceAll(/veth[0-9a-f]{8}/g, 'VETH')
    .replaceAll(/\/[^" ]*bulkhead-netns-[^"/]*\/net/g, 'NETNS');
  return sorted(JSON.parse(text));
}

/** Flags that follow the carrier come in the kernel's own time. */
const lastingFlags = ['UP', 'PROMISC', 'NOARP', 'ALLMULTI'];
const volatile = /timer|_id$|designated|^state|cost|^no$|^id$|topology|^root|^bridge|index/;

function linkOf({ ifname, flags, mtu, master, promiscuity, linkinfo, addr_info }: Item): Item {
  const { info_kind, info_data, info_slave_data } = (linkinfo ?? {}) as Record<string, Item | undefined>;
  return {
    ...{ ifname, mtu, master, promiscuity, kind: info_kind },
    flags: (flags as string[]).filter((flag) => lastingFlags.includes(flag)),
    data: steady(info_data),
    port: steady(info_slave_data),
    addresses: (addr_info as Item[])
      .filter(({ scope }) => scope !== 'link')
      .map(({ family, local, prefixlen, broadcast, scope }) => ({ family, local, prefixlen, broadcast, scope })),
  };
}

function steady(data: Item | undefined): Item | undefined {
  return data && Object.fromEntries(Object.entries(data).filter(([key]) => !volatile.test(key)));
}

function isLasting({ dst }: Item): boolean {
  return !/^(fe80|ff00)/.test(String(dst));
}

function routeOf({ flags: _, pref: _pref, expires: _expires, ...route }: Item): Item {
  return route;
}

function vlanText({ vlan, vlanEnd, flags = [] }: Item): string {
  return [vlanEnd === undefined ? `${vlan}` : `${vlan}-${vlanEnd}`, ...(flags as string[])].join(' ');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.every((one) => typeof one === 'object')
      ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
