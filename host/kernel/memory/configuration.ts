/**
 * The sysctls of one link, of `all` or of `default`: conf/NAME/KEY (net/ipv4/devinet.c, net/ipv6/addrconf.c). A key that is not
 * there does not exist.
 */
export interface Configuration {
  readonly values: Map<string, string>;
  /** IPv4 only: written for this link, so that a later write to `default` does not reach it (ipv4_devconf.state). */
  readonly chosen: Set<string>;
}

export function configuration(values: Readonly<Record<string, string>>): Configuration {
  return { values: new Map(Object.entries(values)), chosen: new Set() };
}

/** A new link starts as a copy of `default`, what was chosen there included. */
export function copyConfiguration({ values, chosen }: Configuration): Configuration {
  return { values: new Map(values), chosen: new Set(chosen) };
}

/** The value as a number; 0 where there is none. */
export function setting(configuration: Configuration | undefined, key: string): number {
  return Number(configuration?.values.get(key) ?? 0);
}

/** What a fresh namespace of Linux 6.18 has in net/ipv4/conf/default. */
export const ipv4Defaults = {
  accept_local: '0',
  accept_redirects: '1',
  accept_source_route: '1',
  arp_accept: '0',
  arp_announce: '0',
  arp_evict_nocarrier: '1',
  arp_filter: '0',
  arp_ignore: '0',
  arp_notify: '0',
  bc_forwarding: '0',
  disable_policy: '0',
  disable_xfrm: '0',
  drop_gratuitous_arp: '0',
  forwarding: '0',
  ignore_routes_with_linkdown: '0',
  log_martians: '0',
  promote_secondaries: '0',
  proxy_arp: '0',
  proxy_arp_pvlan: '0',
  route_localnet: '0',
  rp_filter: '0',
  secure_redirects: '1',
  send_redirects: '1',
  shared_media: '1',
  src_valid_mark: '0',
};

/** What a fresh namespace of Linux 6.18 has in net/ipv6/conf/default. */
export const ipv6Defaults = {
  accept_dad: '1',
  accept_ra: '1',
  accept_ra_defrtr: '1',
  accept_ra_mtu: '1',
  accept_ra_pinfo: '1',
  accept_ra_rtr_pref: '1',
  accept_redirects: '1',
  accept_source_route: '0',
  addr_gen_mode: '0',
  autoconf: '1',
  dad_transmits: '1',
  disable_ipv6: '0',
  disable_policy: '0',
  enhanced_dad: '1',
  forwarding: '0',
  hop_limit: '64',
  ignore_routes_with_linkdown: '0',
  keep_addr_on_down: '0',
  max_addresses: '16',
  mtu: '1280',
  ndisc_notify: '0',
  optimistic_dad: '0',
  proxy_ndp: '0',
  router_solicitations: '-1',
  use_tempaddr: '0',
};

/** Sysctls of a fresh namespace that belong to no link. `ipv4/ip_forward` is another name of ipv4/conf/all/forwarding. */
export const namespaceDefaults = {
  'core/somaxconn': '4096',
  'ipv4/ip_default_ttl': '64',
  'ipv4/ip_local_port_range': '32768\t60999',
  'ipv4/ip_nonlocal_bind': '0',
  'ipv4/ip_unprivileged_port_start': '1024',
  'ipv6/bindv6only': '0',
};
