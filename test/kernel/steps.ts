import fc from 'fast-check';
import type { AddressFlags, LinkChange, NetworkNamespace, Route } from '../../host/kernel/kernel.ts';
import { ip, mac, prefix, type World } from './contract/world.ts';

type Place = 'host' | 'sandbox';

/** One thing done to a kernel. Links go by name, so that it means the same to two kernels; names may lead nowhere. */
export type Step =
  | { readonly kind: 'create-bridge'; readonly name: string; readonly mtu: number | undefined }
  | { readonly kind: 'create-veth'; readonly name: string; readonly peerName: string }
  | { readonly kind: 'change'; readonly at: Place; readonly link: string; readonly change: NamedChange }
  | { readonly kind: 'move'; readonly at: Place; readonly link: string; readonly name: string | undefined }
  | { readonly kind: 'remove'; readonly at: Place; readonly link: string }
  | { readonly kind: 'port'; readonly link: string; readonly hairpin: boolean; readonly isolated: boolean }
  | {
      readonly kind: 'address';
      readonly at: Place;
      readonly link: string;
      readonly prefix: string;
      readonly flags: AddressFlags;
    }
  | { readonly kind: 'remove-address'; readonly at: Place; readonly link: string; readonly prefix: string }
  | {
      readonly kind: 'route';
      readonly at: Place;
      readonly how: How;
      readonly link: string | undefined;
      readonly route: NamedRoute;
    }
  | { readonly kind: 'sysctl'; readonly at: Place; readonly key: string; readonly value: string };

type NamedChange = Omit<LinkChange, 'controller' | 'mac'> & { readonly controller?: string; readonly mac?: string };
type NamedRoute = {
  readonly destination: string;
  readonly gateway?: string;
  readonly priority?: number;
  readonly onLink?: boolean;
};
type How = 'addRoute' | 'replaceRoute' | 'removeRoute';

const place = fc.constantFrom<Place>('host', 'sandbox');
/** Few, so that they meet. */
const name = fc.constantFrom('cni0', 'veth0', 'veth1', 'eth0', 'eth1', 'lo');
const address = fc.constantFrom(
  '10.0.0.1/24',
  '10.0.0.2/24',
  '10.0.0.2/25',
  '10.0.1.1/16',
  '10.9.0.1/32',
  'fd00::1/64',
  'fd00::2/64',
  'fd00::3/80',
  'fd00::1/128',
  'ff02::7/64',
);
const destination = fc.constantFrom('0.0.0.0/0', '10.0.0.0/24', '10.5.0.0/16', '::/0', 'fd05::/64');
const gateway = fc.constantFrom('10.0.0.1', '10.0.0.7', '10.0.0.9', '10.77.0.1', 'fd00::1', 'fd00::7', 'fd77::1');
const key = fc.constantFrom(
  'ipv4/ip_forward',
  'ipv4/conf/eth0/promote_secondaries',
  'ipv6/conf/eth0/disable_ipv6',
  'ipv6/conf/all/disable_ipv6',
  'ipv6/conf/eth0/keep_addr_on_down',
);

const change: fc.Arbitrary<NamedChange> = fc.oneof(
  fc.record({ up: fc.constant(true) }),
  fc.record({ up: fc.boolean(), promiscuous: fc.boolean() }, { requiredKeys: [] }),
  fc.record({ name }),
  fc.record({ mtu: fc.constantFrom(1000, 1280, 1400, 9000, 65536) }),
  fc.record({ mac: fc.constantFrom('02:00:00:00:00:01', '02:00:00:00:00:02', '01:00:00:00:00:01') }),
  fc.record({ controller: fc.constantFrom('cni0', 'veth0', 'none') }),
);
const flags = fc.record({ noDad: fc.boolean(), noPrefixRoute: fc.boolean() }, { requiredKeys: [] });
const route: fc.Arbitrary<NamedRoute> = fc.record(
  { destination, gateway, priority: fc.constantFrom(5, 2000), onLink: fc.constant(true) },
  { requiredKeys: ['destination'] },
);

export const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('create-bridge'), name, mtu: fc.constantFrom(undefined, 1400) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create-veth'), name, peerName: name }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('change'), at: place, link: name, change }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('move'),
      at: place,
      link: name,
      name: fc.option(name, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), at: place, link: name }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('port'), link: name, hairpin: fc.boolean(), isolated: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('address'), at: place, link: name, prefix: address, flags }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove-address'), at: place, link: name, prefix: address }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('route'),
      at: place,
      how: fc.constantFrom<How>('addRoute', 'addRoute', 'replaceRoute', 'removeRoute'),
      link: fc.option(name, { nil: undefined }),
      route,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('sysctl'), at: place, key, value: fc.constantFrom('0', '1', 'x') }),
  },
);

/** Does it. Throws what the kernel throws. */
export function takeStep(world: World, step: Step): void {
  const { host, sandbox } = world;
  const at = 'at' in step ? world[step.at] : host;
  const other = at === host ? sandbox : host;
  switch (step.kind) {
    case 'create-bridge':
      host.createLink({ name: step.name, plan: { kind: 'bridge' }, ...(step.mtu ? { mtu: step.mtu } : {}) });
      return;
    case 'create-veth':
      host.createLink({ name: step.name, plan: { kind: 'veth', peerName: step.peerName, peerNamespace: sandbox } });
      return;
    case 'change':
      at.changeLink(find(at, step.link), resolveChange(at, step.change));
      return;
    case 'move':
      at.moveLink(find(at, step.link), other, step.name);
      return;
    case 'remove':
      at.removeLink(find(at, step.link));
      return;
    case 'port':
      host.changeBridgePort(find(host, step.link), { hairpin: step.hairpin, isolated: step.isolated });
      return;
    case 'address':
      at.addAddress(find(at, step.link), prefix(step.prefix), step.flags);
      return;
    case 'remove-address':
      at.removeAddress(find(at, step.link), prefix(step.prefix));
      return;
    case 'route':
      at[step.how](resolveRoute(at, step.link, step.route));
      return;
    case 'sysctl':
      at.writeSysctl(step.key, step.value);
  }
}

/** 999 for a link that is not there. */
function find(namespace: NetworkNamespace, link: string): number {
  return namespace.linkByName(link)?.index ?? 999;
}

function resolveChange(at: NetworkNamespace, { controller, mac: address, ...change }: NamedChange): LinkChange {
  return {
    ...change,
    ...(controller === undefined ? {} : { controller: controller === 'none' ? 0 : find(at, controller) }),
    ...(address === undefined ? {} : { mac: mac(address) }),
  };
}

function resolveRoute(at: NetworkNamespace, link: string | undefined, route: NamedRoute): Route {
  const { destination, gateway, ...rest } = route;
  return {
    ...rest,
    destination: prefix(destination),
    ...(gateway === undefined ? {} : { gateway: ip(gateway) }),
    ...(link === undefined ? {} : { index: find(at, link) }),
  };
}
