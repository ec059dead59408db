import { sysctlSegments } from '../sysctl-key.ts';
import { type Configuration, setting } from './configuration.ts';
import { refuse } from './failure.ts';
import { switchIpv6 } from './lifecycle.ts';
import { findLink, type LinkModel, leastIpv6Mtu, type NamespaceModel } from './model.ts';

/** Where a key leads: to a setting of a link, of `all` or `default`, or to one of the namespace. */
type Place =
  | { readonly kind: 'configuration'; readonly family: Family; readonly owner: Owner; readonly key: string }
  | { readonly kind: 'namespace'; readonly key: string }
  | { readonly kind: 'directory' };
type Family = 'ipv4' | 'ipv6';
type Owner = 'all' | 'default' | LinkModel;

export function readSysctl(namespace: NamespaceModel, key: string): string {
  const attempt = `read sysctl net/${key}`;
  const place = find(attempt, namespace, key);
  switch (place.kind) {
    case 'directory':
      return refuse(attempt, 'EISDIR');
    case 'namespace':
      return namespace.sysctls.get(place.key) ?? refuse(attempt, 'ENOENT');
    case 'configuration':
      return configurationOf(namespace, place.family, place.owner)?.values.get(place.key) ?? refuse(attempt, 'ENOENT');
  }
}

export function writeSysctl(namespace: NamespaceModel, key: string, value: string): void {
  const attempt = `write ${JSON.stringify(value)} to sysctl net/${key}`;
  const place = find(attempt, namespace, key);
  if (place.kind === 'directory') refuse(attempt, 'EISDIR');
  // A write of no bytes does not reach the setting.
  if (value === '') return;
  if (place.kind === 'namespace') {
    const now = (namespace.sysctls.get(place.key) ?? '').split('\t');
    const isNumeric = now.every((one) => /^-?\d+$/.test(one));
    namespace.sysctls.set(place.key, isNumeric ? parseNumbers(attempt, now, value) : value.trim());
    return;
  }
  const written = parseNumber(attempt, value);
  if (place.family === 'ipv4') writeIpv4(namespace, place.owner, place.key, written);
  else writeIpv6(attempt, namespace, place.owner, place.key, written);
}

/** devinet_conf_proc, devinet_sysctl_forward (net/ipv4/devinet.c) */
function writeIpv4(namespace: NamespaceModel, owner: Owner, key: string, value: number): void {
  const written = configurationOf(namespace, 'ipv4', owner);
  const changed = setting(written, key) !== value;
  if (written) choose(written, key, value);
  if (key === 'forwarding') {
    if (owner !== 'all' || !changed) return;
    namespace.ipv4.all.values.set('accept_redirects', value === 0 ? '1' : '0');
    namespace.ipv4.default.values.set(key, String(value));
    for (const link of namespace.links.values()) choose(link.ipv4, key, value);
  } else if (owner === 'default') {
    for (const { ipv4 } of namespace.links.values()) if (!ipv4.chosen.has(key)) ipv4.values.set(key, String(value));
  }
}

/** addrconf_sysctl_forward, addrconf_sysctl_disable, addrconf_sysctl_mtu (net/ipv6/addrconf.c) */
function writeIpv6(attempt: string, namespace: NamespaceModel, owner: Owner, key: string, value: number): void {
  if (key === 'mtu' && typeof owner === 'object' && (value < leastIpv6Mtu || value > owner.mtu))
    refuse(attempt, 'EINVAL');
  const reachesAll = owner === 'all' && (key === 'forwarding' || key === 'disable_ipv6');
  const links = reachesAll ? [...namespace.links.values()] : typeof owner === 'object' ? [owner] : [];
  const shared = reachesAll ? [namespace.ipv6.all, namespace.ipv6.default] : [];
  const own = typeof owner === 'object' ? [] : [namespace.ipv6[owner]];
  for (const { values } of [...shared, ...own]) values.set(key, String(value));
  for (const link of links) {
    const changed = (setting(link.ipv6, key) !== 0) !== (value !== 0);
    link.ipv6?.values.set(key, String(value));
    if (key === 'disable_ipv6' && changed) switchIpv6(link, value !== 0);
  }
}

function choose({ values, chosen }: Configuration, key: string, value: number): void {
  values.set(key, String(value));
  chosen.add(key);
}

function find(attempt: string, namespace: NamespaceModel, key: string): Place {
  const [area = '', conf, name, setting, ...rest] = sysctlSegments(attempt, key);
  if (key === 'ipv4/ip_forward') return { kind: 'configuration', family: 'ipv4', owner: 'all', key: 'forwarding' };
  if (conf === undefined) return isArea(namespace, area) ? { kind: 'directory' } : refuse(attempt, 'ENOENT');
  if (namespace.sysctls.has(key)) return { kind: 'namespace', key };
  if (namespace.sysctls.has(`${area}/${conf}`) || `${area}/${conf}` === 'ipv4/ip_forward') refuse(attempt, 'ENOTDIR');
  if ((area !== 'ipv4' && area !== 'ipv6') || conf !== 'conf') refuse(attempt, 'ENOENT');
  if (name === undefined) return { kind: 'directory' };
  const owner = name === 'all' || name === 'default' ? name : (findLink(namespace, name) ?? refuse(attempt, 'ENOENT'));
  const { values } = configurationOf(namespace, area, owner) ?? refuse(attempt, 'ENOENT');
  if (setting === undefined) return { kind: 'directory' };
  if (!values.has(setting)) refuse(attempt, 'ENOENT');
  return rest.length === 0 ? { kind: 'configuration', family: area, owner, key: setting } : refuse(attempt, 'ENOTDIR');
}

function isArea(namespace: NamespaceModel, area: string): boolean {
  return area === 'ipv4' || area === 'ipv6' || [...namespace.sysctls.keys()].some((key) => key.startsWith(`${area}/`));
}

function configurationOf(namespace: NamespaceModel, family: Family, owner: Owner): Configuration | undefined {
  return typeof owner === 'object' ? owner[family] : namespace[family][owner];
}

/** One after another, as many as there are; those that are not written stay. */
function parseNumbers(attempt: string, now: readonly string[], text: string): string {
  let rest = text;
  const next = (old: string, position: number) => {
    if (position > 0 && rest.trim() === '') return old;
    const written = parseNumber(attempt, rest);
    rest = rest.replace(/^\s*\S+/, '');
    return String(written);
  };
  return now.map(next).join('\t');
}

/** proc_dointvec (kernel/sysctl.c): one C integer of 32 bits with white space around it; what follows that is not looked at. */
function parseNumber(attempt: string, text: string): number {
  const [, sign, digits = ''] =
    /^\s*(-?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)(?:\s|$)/.exec(text) ?? refuse(attempt, 'EINVAL');
  const magnitude = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  const value = sign === '-' ? -magnitude : magnitude;
  return value < -0x8000_0000 || value > 0x7fff_ffff ? refuse(attempt, 'EINVAL') : value;
}
