import type { Door, OperationOf } from '../operations/operation.ts';
import type { Access, AccessKind } from './access.ts';
import type { Decision, Grants, LinkFacts, Request, Rule, Texts, Value } from './rule.ts';
import { suggestRule } from './suggest.ts';
import {
  configuredVlans,
  isOn,
  matchesAddress,
  matchesKey,
  matchesPrefix,
  matchesRange,
  matchesText,
  matchesValue,
} from './terms.ts';

/** Main, and that of a host's own addresses (linux/rtnetlink.h); others have to be named. */
const ordinaryTable = 254;

/** The rules of one plugin. What none of them allows is denied. */
export class RuleGrants implements Grants {
  /** Of each kind, those that allow it, and what is said where one does. */
  readonly #rules = new Map<AccessKind, { readonly rule: Rule; readonly granted: Decision }[]>();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) {
      const same = this.#rules.get(rule.allow) ?? [];
      same.push({ rule, granted: { allowed: true, line: rule.line } });
      this.#rules.set(rule.allow, same);
    }
  }

  decide(access: Access, request: Request): Decision {
    for (const { rule, granted } of this.#rules.get(access.kind) ?? [])
      if (allows(rule, access, request)) return granted;
    const missing = suggestRule(access, request);
    return { allowed: false, ...(missing !== undefined && { missing }) };
  }
}

/** Whether a rule of the same kind allows the access: each of its arguments has to be granted. */
function allows(rule: Rule, access: Access, request: Request): boolean {
  if ('door' in access && access.door !== rule.door) return false;
  if (rule.when !== undefined && !rule.when.some((term) => isOn(term, request))) return false;
  switch (access.kind) {
    case 'sandbox':
    case 'host':
    case 'log':
    case 'masquerade.read':
    case 'masquerade.disable':
    case 'mac-guard.read':
    case 'mac-guard.disable':
    case 'link.read':
    case 'address.read':
    case 'route.read':
      return true;
    case 'link.create':
      return allowsNewLink(rule, access, request);
    case 'link.change':
      return allowsLink(rule, access, request) && allowsChange(rule, access, request);
    case 'link.move':
      return (
        allowsLink(rule, access, request) &&
        access.to === rule.to &&
        (access.name === undefined || matchesText(access.name, rule.name, request))
      );
    case 'link.remove':
      return allowsLink(rule, access, request);
    case 'port.change':
      return allowsLink(rule, access, request) && allowsSettings(access.change, rule, request);
    case 'port.add-vlans':
    case 'port.remove-vlans':
      return (
        allowsLink(rule, access, request) &&
        access.vlans.every(({ first, last }) => allowsVlans(first, last, rule.vlans, request))
      );
    case 'address.add':
    case 'address.remove':
      return allowsLink(rule, access, request) && matchesPrefix(access.prefix, rule.prefix, request);
    case 'route.add':
    case 'route.replace':
    case 'route.remove':
      return allowsRoute(rule, access, request);
    case 'sysctl.read':
      return matchesKey(access.key, rule.key, request, () => request.created(access.door));
    case 'sysctl.write':
      return (
        matchesKey(access.key, rule.key, request, () => request.created(access.door)) &&
        matchesValue(access.value, rule.value, request)
      );
    case 'masquerade.enable':
      return access.addresses.every((address) => matchesPrefix(address, rule.addresses, request));
    case 'mac-guard.enable': {
      const link = request.link('host', access.index);
      return link !== undefined && isLinkOf(rule.link, link, request);
    }
    case 'lease.read':
    case 'lease.release':
      return allowsDirectory(rule, access.directory, request);
    case 'lease.reserve':
      return allowsDirectory(rule, access.directory, request) && allowsLease(rule, access, request);
    case 'resolver.read':
      return matchesText(access.path, rule.path, request);
    case 'delegate':
      return matchesText(access.type, rule.type, request) && allowsExecutable(rule, access.executable);
  }
}

function allowsNewLink(rule: Rule, { link }: OperationOf<'link.create'>, request: Request): boolean {
  const { plan, name, ...rest } = link;
  if (rule.kind?.includes(plan.kind) !== true || !matchesText(name, rule.name, request)) return false;
  const { kind: _, ...details } = plan;
  const { peerDoor, peerName, ...settings } = details as PlanDetails;
  if (peerDoor !== undefined) {
    if (rule.peer?.door !== peerDoor) return false;
    if (peerName !== undefined && !matchesText(peerName, rule.peer.name, request)) return false;
  }
  return allowsSettings({ ...rest, ...settings }, rule, request);
}

type PlanDetails = { peerDoor?: Door; peerName?: string } & Record<string, unknown>;

function allowsLink(
  rule: Rule,
  { door, index }: { readonly door: Door; readonly index: number },
  request: Request,
): boolean {
  const link = request.link(door, index);
  return link !== undefined && isLinkOf(rule.link, link, request);
}

function isLinkOf(wanted: Texts, link: LinkFacts, request: Request): boolean {
  return matchesText(link.name, wanted, request) || (link.created && wanted?.includes('$created') === true);
}

/** A controller is wanted by its name; a hardware address may be wanted to stay what it is. */
function allowsChange(rule: Rule, { door, index, change }: OperationOf<'link.change'>, request: Request): boolean {
  const { controller, mac, ...rest } = change;
  if (controller !== undefined) {
    const wanted = rule.set?.controller;
    const link = controller === 0 ? undefined : request.link(door, controller);
    const isWanted = link === undefined ? wanted?.includes('none') : isLinkOf(textsOf(wanted), link, request);
    if (isWanted !== true) return false;
  }
  if (mac !== undefined) {
    const stays =
      rule.set?.mac?.includes('$current') === true && request.link(door, index)?.macs.includes(mac) === true;
    if (!stays && !matchesValue(mac, rule.set?.mac, request)) return false;
  }
  return allowsSettings(rest, rule, request);
}

function allowsSettings(settings: object, { set }: Rule, request: Request): boolean {
  return Object.entries(settings).every(
    ([key, value]) =>
      value === undefined || (set !== undefined && Object.hasOwn(set, key) && matchesValue(value, set[key], request)),
  );
}

function textsOf(values: readonly Value[] | undefined): Texts {
  return values?.filter((one) => typeof one === 'string');
}

function allowsVlans(first: number, last: number, wanted: Texts, request: Request): boolean {
  return (wanted ?? []).some((text) => {
    if (text === '$vlans') return isWithin(first, last, configuredVlans(request));
    if (text.startsWith('$')) return first === last && matchesValue(first, [text], request);
    const [from, to = from] = text.split('-').map(Number);
    return from !== undefined && to !== undefined && from <= first && last <= to;
  });
}

function isWithin(first: number, last: number, ids: ReadonlySet<number>): boolean {
  for (let id = first; id <= last; id++) if (!ids.has(id)) return false;
  return true;
}

type RouteAccess = OperationOf<'route.add' | 'route.replace' | 'route.remove'>;

function allowsRoute(rule: Rule, { door, route }: RouteAccess, request: Request): boolean {
  const link = route.index === undefined ? undefined : request.link(door, route.index);
  if (link === undefined || !isLinkOf(rule.link, link, request)) return false;
  const table = route.table ?? ordinaryTable;
  const given = rule.destination?.includes('$routes') === true ? request.routes() : [];
  const same = given.filter((one) => one.destination === route.destination && (one.table ?? ordinaryTable) === table);
  if (same.some(({ gateway }) => gateway === route.gateway)) return true;
  const isGranted =
    [...(rule.table ?? []), ordinaryTable].includes(table) &&
    matchesPrefix(route.destination, rule.destination, request);
  if (!isGranted && same.length === 0) return false;
  if (route.gateway === undefined) return rule.gateway?.includes('none') === true;
  return isGateway(route.gateway, rule.gateway, request);
}

/** `$gateways` stands for these very addresses, not for the networks that they are in. */
function isGateway(gateway: string, wanted: Texts, request: Request): boolean {
  if (wanted?.includes('$gateways') && request.gateways().some((one) => one.split('/')[0] === gateway)) return true;
  return matchesAddress(
    gateway,
    wanted?.filter((one) => one !== '$gateways'),
    request,
  );
}

/** The directory of this network, in one that the rule names. */
function allowsDirectory(rule: Rule, directory: string, request: Request): boolean {
  const end = `/${request.network}`;
  if (!directory.endsWith(end)) return false;
  return matchesText(directory.slice(0, -end.length) || '/', rule.dataDir, request);
}

function allowsLease(rule: Rule, { ranges, address }: OperationOf<'lease.reserve'>, request: Request): boolean {
  return (
    ranges.every(({ first, last }) => matchesRange(first, last, rule.addresses, request)) &&
    (address === undefined || matchesAddress(address, rule.addresses, request))
  );
}

function allowsExecutable({ executable }: Rule, digest: string | undefined): boolean {
  if (digest === undefined) return executable === undefined;
  return executable?.includes('any') === true || executable?.includes(`sha256:${digest}`) === true;
}

/** Whether any rule is about one of these kinds: what an import needs before it is worth anything. */
export function grantsAny(rules: readonly Rule[], kinds: readonly AccessKind[]): boolean {
  return rules.some(({ allow }) => kinds.includes(allow));
}
