import type { Machine } from '../e2e/installation.ts';

/** The state of a namespace as iproute2 and nft show it: nothing of the code under test. */
export function dump(machine: Machine, path: string): unknown {
  const read = (command: string) => JSON.parse(machine.run(path, command) || '[]') as Record<string, unknown>[];
  return {
    links: read('ip -j -d link').map(linkOf).sort(byText),
    addresses: read('ip -j addr').map(addressesOf).sort(byText),
    routes: ['-4', '-6'].flatMap((family) =>
      read(`ip -j ${family} route show table all`).filter(isLasting).map(routeOf),
    ),
    ruleset: machine
      .ruleset(path)
      // Chains name their tables. One without any does nothing: `iptables -t nat -D` makes it where there is none.
      ?.filter((one) => !('table' in (one as object)))
      .map((one) => JSON.stringify(one))
      .sort(),
    settings: machine
      .run(path, `cd /proc/sys/net && for i in ${settings}; do echo $i $(cat $i 2>/dev/null); done`)
      .split('\n'),
  };
}

const settings = [
  ...['ipv4/ip_forward', 'ipv6/conf/all/forwarding', 'ipv4/conf/eth0/arp_notify', 'ipv6/conf/eth0/accept_dad'],
  ...['ipv6/conf/eth0/enhanced_dad', 'ipv6/conf/eth0/disable_ipv6', 'ipv6/conf/cni0/accept_ra'],
].join(' ');

type Item = Readonly<Record<string, unknown>>;

/** Flags that follow the carrier come in the kernel's own time. */
const lastingFlags = ['UP', 'PROMISC', 'NOARP', 'ALLMULTI', 'BROADCAST', 'MULTICAST'];
const volatile = /timer|_id$|designated|^state|cost|^no$|^id$|topology|^root|^bridge|mcast_router|index/;

function linkOf({ ifname, flags, mtu, master, promiscuity, linkinfo }: Item): Item {
  const { info_kind, info_data, info_slave_data } = (linkinfo ?? {}) as Record<string, Item | undefined>;
  const kept = (flags as string[]).filter((flag) => lastingFlags.includes(flag));
  return {
    ifname,
    mtu,
    master,
    promiscuity,
    info_kind,
    flags: kept,
    data: steady(info_data),
    port: steady(info_slave_data),
  };
}

function steady(data: Item | undefined): Item | undefined {
  return data && Object.fromEntries(Object.entries(data).filter(([key]) => !volatile.test(key)));
}

function addressesOf({ ifname, addr_info }: Item): Item {
  const all = (addr_info as Item[]).filter(({ scope }) => scope !== 'link');
  return {
    ifname,
    all: all.map(({ family, local, prefixlen, broadcast, scope }) => ({ family, local, prefixlen, broadcast, scope })),
  };
}

/** Not link-local ones, nor those to an address itself, which the kernel makes a moment after the address is usable. */
function isLasting({ dst, type }: Item): boolean {
  if (type === 'local' && String(dst).includes(':')) return false;
  return !/^(multicast|anycast|broadcast)?\s*(fe80|ff00)/.test(String(dst));
}

function routeOf({ flags: _, pref: _pref, expires: _expires, ...route }: Item): Item {
  return route;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
