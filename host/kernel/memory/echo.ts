import { type IpAddress, ipFamily } from '../../net/ip.ts';
import { prefixAddress, prefixContains } from '../../net/prefix.ts';
import { setting } from './configuration.ts';
import { type AddressModel, type LinkModel, type NamespaceModel, RT_TABLE_LOCAL } from './model.ts';
import { lookUpRoute } from './route-lookup.ts';
import { reachedFrom } from './segment.ts';

/** What became of an echo request and its answer. */
export type Echo =
  | { readonly kind: 'answered'; readonly source: IpAddress }
  | {
      readonly kind: 'lost';
      readonly on: 'the way there' | 'the way back';
      readonly because: Loss;
      readonly text: string;
    };

export type Loss =
  | 'no-route'
  | 'blackhole'
  /** No address to send from. */
  | 'no-source'
  /** Nobody on the segment has the address of the next hop. */
  | 'no-neighbour'
  /** It reached a namespace that is no router. */
  | 'not-forwarding'
  | 'too-many-hops';

type Trip =
  | { readonly kind: 'arrived'; readonly at: NamespaceModel }
  | { readonly kind: 'lost'; readonly because: Loss; readonly text: string };

const mostHops = 64;

/** Follows a packet and its answer through links, bridges, neighbours and routes. Firewalls are not part of the model. */
export function echo(from: NamespaceModel, to: IpAddress): Echo {
  const there = travel(from, to);
  if (there.kind === 'lost') return { ...there, on: 'the way there' };
  const source = there.at === from && isLocal(from, to) ? to : sourceFor(from, to);
  if (source === undefined) {
    return { kind: 'lost', on: 'the way there', because: 'no-source', text: `no address to reach ${to} from` };
  }
  const back = travel(there.at, source);
  return back.kind === 'lost' ? { ...back, on: 'the way back' } : { kind: 'answered', source };
}

function travel(from: NamespaceModel, to: IpAddress): Trip {
  let at = from;
  for (let hop = 0; hop < mostHops; hop++) {
    if (isLocal(at, to)) return { kind: 'arrived', at };
    const route = lookUpRoute(at, to);
    if (route === undefined) return lost('no-route', `no route to ${to}`);
    if (route.kind === 'blackhole' || route.link === undefined)
      return lost('blackhole', `${route.destination} is a blackhole`);
    const nextHop = route.gateway ?? to;
    const reached = neighbour(route.link, nextHop);
    if (reached === undefined)
      return lost('no-neighbour', `nobody on the segment of ${route.link.name} has ${nextHop}`);
    at = reached.namespace;
    if (!isLocal(at, to) && !forwards(reached, to)) {
      return lost('not-forwarding', `${reached.name} has a packet for ${to}, but does not forward`);
    }
  }
  return lost('too-many-hops', `${to} is further than ${mostHops} hops, or there is a loop`);
}

function lost(because: Loss, text: string): Trip {
  return { kind: 'lost', because, text };
}

function isLocal(namespace: NamespaceModel, address: IpAddress): boolean {
  return lookUpRoute(namespace, address, { tables: [RT_TABLE_LOCAL] })?.kind === 'local';
}

/** The link that answers ARP, or a neighbour solicitation: IPv4 answers for any address of the namespace, IPv6 for the link's own. */
function neighbour(link: LinkModel, address: IpAddress): LinkModel | undefined {
  const answers = (other: LinkModel) =>
    ipFamily(address) === 4
      ? other.up && isLocal(other.namespace, address)
      : other.up &&
        other.addresses.some(({ prefix, state }) => prefixAddress(prefix) === address && state === 'usable');
  return [...reachedFrom(link)].find(answers);
}

function forwards(arrivedOn: LinkModel, to: IpAddress): boolean {
  return setting(ipFamily(to) === 4 ? arrivedOn.ipv4 : arrivedOn.ipv6, 'forwarding') !== 0;
}

/** inet_select_addr, ipv6_dev_get_saddr in short: of the route, else in the next hop's network, else of the link, else any. */
function sourceFor(from: NamespaceModel, to: IpAddress): IpAddress | undefined {
  const route = lookUpRoute(from, to);
  if (route?.source !== undefined) return route.source;
  const nextHop = route?.gateway ?? to;
  const family = ipFamily(to);
  const usable = ({ prefix, state, scope }: AddressModel) =>
    state === 'usable' && ipFamily(prefixAddress(prefix)) === family && (family === 4 || scope <= 253);
  const own = (route?.link?.addresses ?? []).filter(usable);
  const others = [...from.links.values()]
    .flatMap(({ addresses }) => addresses)
    .filter((a) => usable(a) && a.scope === 0);
  // A link-local source is for neighbours only.
  const global = own.filter(({ scope }) => scope === 0);
  const near = [...global, ...own].find(({ prefix }) => prefixContains(prefix, nextHop) && prefixContains(prefix, to));
  const chosen =
    near ?? global.find(({ prefix }) => prefixContains(prefix, nextHop)) ?? global[0] ?? others[0] ?? own[0];
  return chosen && prefixAddress(chosen.prefix);
}
