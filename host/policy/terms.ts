import { type IpAddress, parseIp } from '../net/ip.ts';
import { parseMac } from '../net/mac.ts';
import { networkOf, parsePrefix, prefixContains } from '../net/prefix.ts';
import type { Request, Texts, Value } from './rule.ts';

/** What `$…` stands for: texts, none where there is nothing. */
function resolveTerm(term: string, request: Request): readonly string[] {
  if (term === '$ifname') return [request.interfaceName];
  if (term === '$network') return [request.network];
  if (term === '$leased') return request.leased();
  if (term === '$gateways') return request.gateways();
  if (term === '$subnets') return subnets(request);
  if (term.startsWith('$config/')) return texts(request.configuration(term.slice('$config'.length)));
  if (term.startsWith('$args/')) return texts(request.argument(term.slice('$args/'.length)));
  return [];
}

/** Whether a term stands for something that is neither false nor 0. */
export function isOn(term: string, request: Request): boolean {
  return resolveTerm(term, request).some((text) => text !== 'false' && text !== '0');
}

/** Terms that a policy may use. `$created`, `$routes`, `$vlans` and `$current` are about the object of an access; see `decide`. */
export function isTerm(text: string): boolean {
  return /^\$(ifname|network|leased|gateways|subnets|vlans|created|routes|current|config(\/[^{}]+)+|args\/[A-Za-z0-9_]+)$/.test(
    text,
  );
}

/** Whether one of the texts of a rule matches, with terms replaced by what they stand for: these are literal, and so never a glob. */
function someText(wanted: Texts, request: Request, matches: (text: string, literal: boolean) => boolean): boolean {
  if (wanted === undefined) return false;
  return wanted.some((text) => {
    if (text.startsWith('$')) return resolveTerm(text, request).some((found) => matches(found, true));
    if (!text.includes('{')) return matches(text, false);
    const filled = fill(text, request);
    return filled !== undefined && matches(filled, true);
  });
}

/** `{$config/bridge}.{$config/vlan}` with what the terms stand for; undefined where one does not stand for one thing. */
function fill(template: string, request: Request): string | undefined {
  let whole = true;
  const filled = template.replaceAll(/\{([^{}]*)\}/g, (_, term: string) => {
    const [found, ...others] = resolveTerm(term, request);
    if (found === undefined || others.length > 0) whole = false;
    return found ?? '';
  });
  return whole ? filled : undefined;
}

/** Whether a name, a path or a type is one of those wanted. */
export function matchesText(actual: string, wanted: Texts, request: Request): boolean {
  return someText(wanted, request, (text, literal) => (literal ? text === actual : globMatches(text, actual)));
}

/** `*` stands for any characters but `/`, and never for a way up. */
function globMatches(glob: string, text: string): boolean {
  if (!glob.includes('*')) return glob === text;
  return patternOf(glob).test(text) && !text.split('/').some((part) => part === '.' || part === '..');
}

/** Of the globs in policies, by their text. */
const patterns = new Map<string, RegExp>();

function patternOf(glob: string): RegExp {
  const known = patterns.get(glob);
  if (known !== undefined) return known;
  const parts = glob.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('[^/]*')}$`, 'u');
  patterns.set(glob, pattern);
  return pattern;
}

/** Whether a value that is to be set is one of those wanted. `*` stands for any, `68-65535` for the numbers between. Text and number of one spelling are the same, hardware addresses in any. */
export function matchesValue(actual: unknown, wanted: readonly Value[] | undefined, request: Request): boolean {
  const spelled = String(actual).toLowerCase();
  return (wanted ?? []).some((one) => {
    if (one === '*' || (typeof actual === 'number' && isInRange(actual, one))) return true;
    const isTerm = typeof one === 'string' && one.startsWith('$');
    const found = isTerm ? resolveTerm(one, request) : [String(one)];
    return found.some((text) => spellingOf(text, spelled) === spelled);
  });
}

function isInRange(actual: number, wanted: Value): boolean {
  const [, least, most] = /^(\d+)-(\d+)$/.exec(String(wanted)) ?? [];
  return least !== undefined && Number(least) <= actual && actual <= Number(most);
}

/** Lower case; for a hardware address, in any of Go's forms, the one with colons. */
function spellingOf(text: string, like: string): string {
  const lower = text.toLowerCase();
  if (lower === like || parseMac(like) === undefined || !/^[0-9a-f]{2,4}([:.-][0-9a-f]{2,4})+$/.test(lower))
    return lower;
  return (lower.replaceAll(/[:.-]/g, '').match(/../g) ?? []).join(':');
}

/** A key of sysctl, by path segment; `{$term}` stands for the whole of a segment. */
export function matchesKey(actual: string, wanted: Texts, request: Request, created: () => readonly string[]): boolean {
  const segments = actual.split('/');
  return (wanted ?? []).some((pattern) => {
    const parts = keyPartsOf(pattern);
    return (
      parts.length === segments.length &&
      parts.every(({ text, term }, i) => {
        const segment = segments[i] ?? '';
        if (term === undefined) return globMatches(text, segment);
        const found = term === '$created' ? created() : resolveTerm(term, request);
        return found.includes(segment);
      })
    );
  });
}

interface KeyPart {
  readonly text: string;
  /** The whole of it. */
  readonly term: string | undefined;
}

/** Of the keys in policies, by their text. */
const keys = new Map<string, readonly KeyPart[]>();

function keyPartsOf(pattern: string): readonly KeyPart[] {
  const known = keys.get(pattern);
  if (known !== undefined) return known;
  const parts = splitKey(pattern).map((text) => ({ text, term: /^\{(.+)\}$/.exec(text)?.[1] }));
  keys.set(pattern, parts);
  return parts;
}

/** At each `/` that is not inside braces. */
export function splitKey(pattern: string): readonly string[] {
  return pattern.match(/(?:\{[^{}]*\}|[^/{}])+/g) ?? [];
}

/**
 * Whether an address with its length is one of those wanted: the same as a term's, or inside a network that the rule names. `default`
 * stands for the whole of a family.
 */
export function matchesPrefix(actual: string, wanted: Texts, request: Request): boolean {
  const prefix = parsePrefix(actual);
  if (prefix === undefined) return false;
  return someText(wanted, request, (text, literal) => {
    if (literal) return text === actual;
    if (text === 'default') return /^(0\.0\.0\.0|::)\/0$/.test(actual);
    return containsPrefix(text, actual);
  });
}

/** Whether an address is inside one of the networks wanted, whether these are named or stood for. */
export function matchesAddress(actual: string, wanted: Texts, request: Request): boolean {
  return matchesRange(actual, actual, wanted, request);
}

/** Whether all from the first address to the last is inside one of the networks wanted. */
export function matchesRange(first: string, last: string, wanted: Texts, request: Request): boolean {
  const [from, to] = [parseIp(first), parseIp(last)];
  if (from === undefined || to === undefined) return false;
  return someText(wanted, request, (text) => {
    const network = parsePrefix(text);
    if (network === undefined) return text === first && text === last;
    return prefixContains(network, from) && prefixContains(network, to);
  });
}

function containsPrefix(outer: string, inner: string): boolean {
  const [network, prefix] = [parsePrefix(outer), parsePrefix(inner)];
  if (network === undefined || prefix === undefined || !sameFamily(outer, inner)) return false;
  const length = (text: string) => Number(text.split('/')[1]);
  const address = networkOf(prefix).split('/')[0] as IpAddress;
  return length(inner) >= length(outer) && prefixContains(network, address);
}

function sameFamily(a: string, b: string): boolean {
  return a.includes(':') === b.includes(':');
}

/** The networks that the configuration lets addresses be leased from. */
function subnets(request: Request): readonly string[] {
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) collect(item);
    else if (typeof value === 'object' && value !== null && 'subnet' in value) found.push(...texts(value.subnet));
  };
  collect(request.configuration('/ipam'));
  collect(request.configuration('/ipam/ranges'));
  collect(request.configuration('/runtimeConfig/ipRanges'));
  return found;
}

/** The VLANs that the configuration puts the container's port into: its own or, with a trunk alone, 1, and those of the trunk. */
export function configuredVlans(request: Request): ReadonlySet<number> {
  const own = Number(request.configuration('/vlan') ?? 0);
  const trunk = request.configuration('/vlanTrunk');
  const ids = new Set([own === 0 ? 1 : own]);
  for (const item of Array.isArray(trunk) ? trunk : []) {
    const { id, minID, maxID } = (item ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof id === 'number') ids.add(id);
    if (typeof minID !== 'number' || typeof maxID !== 'number') continue;
    for (let one = minID; one <= Math.min(maxID, 4094); one++) ids.add(one);
  }
  return ids;
}

/** Text of a value that a term leads to. Objects stand for nothing. */
function texts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value === 'string') return value === '' ? [] : [value];
  return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
}
