import type { Attachment } from '../bench/attachment.ts';
import type { Call, Configuration, Ended } from '../bench/call.ts';
import type { LinkView } from '../bench/kernel-view.ts';
import type { World } from '../bench/world.ts';
import type { Check, Rule } from '../check.ts';
import { describeEnd, expect, type JsonObject, objectsOf, resultOf } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal } from '../subjects.ts';

const plugins = ['bridge', 'host-local'];
const mac = 'c2:11:22:33:44:55';

const vlanFiltering = {
  ability: 'VLAN filtering of bridges',
  command: 'ip link add probe type bridge vlan_filtering 1',
};

/** What there is after an ADD. */
interface Added {
  readonly world: World;
  readonly attachment: Attachment;
  readonly ended: Ended;
  readonly result: JsonObject;
  readonly container: LinkView | undefined;
  readonly bridge: LinkView | undefined;
  /** The host's end of the pair. */
  readonly port: LinkView | undefined;
}

/** A bridge attachment with its own fields: [field, more of the call]. */
type Wish = (world: World) => { readonly fields?: Configuration; readonly call?: Partial<Call> };

function afterAdd(
  id: string,
  title: string,
  rule: Rule,
  wish: Wish,
  look: (added: Added) => void | Promise<void>,
): Check {
  return {
    id: `bridge-${id}`,
    title,
    rule,
    needs: { plugins, version: '1.0.0' },
    async run(world) {
      const { fields, call } = wish(world);
      const configuration = { type: 'bridge', bridge: 'cni0', ipam: hostLocal(world), ...fields };
      const attachment = await world.attachment(configuration, { type: 'bridge', ...call });
      const ended = await attachment.add();
      const result = resultOf(ended);
      const links = await (await world.host()).links();
      const inside = await attachment.inside.links();
      const port = links.find(({ linkinfo }) => linkinfo?.info_kind === 'veth');
      const [bridge, container] = [
        links.find(({ ifname }) => ifname === 'cni0'),
        inside.find(({ ifname }) => ifname === 'eth0'),
      ];
      await look({ world, attachment, ended, result, container, bridge, port });
    },
  };
}

const gateway =
  (fields: Configuration = {}): Wish =>
  () => ({ fields: { isGateway: true, ...fields } });
const addressesOf = (link: LinkView | undefined) =>
  (link?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);

export const bridgeChecks: readonly Check[] = [
  afterAdd(
    'creates-bridge',
    'The bridge is made where it is missing, and is up',
    rules.bridgeCreates,
    gateway(),
    ({ ended, bridge }) => {
      const good = bridge?.linkinfo?.info_kind === 'bridge' && bridge.flags.includes('UP');
      expect(good, ended.did, 'a bridge cni0 on the host, up', JSON.stringify(bridge ?? 'no cni0'));
    },
  ),
  afterAdd(
    'connects-veth',
    "The other end of the container's veth is a port of the bridge",
    rules.bridgeConnects,
    gateway(),
    ({ ended, container, port }) => {
      expect(
        container?.linkinfo?.info_kind === 'veth',
        ended.did,
        'eth0 to be a veth',
        JSON.stringify(container ?? 'no eth0'),
      );
      expect(
        port?.master === 'cni0' && port.flags.includes('UP'),
        ended.did,
        'its other end up, in cni0',
        JSON.stringify(port ?? 'no veth'),
      );
    },
  ),
  afterAdd(
    'result-lists-host-interfaces',
    'The result lists the bridge and the host end, without a sandbox',
    rules.resultInterfaces,
    gateway(),
    ({ ended, result, port }) => {
      const outside = objectsOf(result.interfaces).filter(({ sandbox }) => sandbox === undefined || sandbox === '');
      const names = outside.map(({ name }) => name);
      const good = names.includes('cni0') && names.includes(port?.ifname ?? '');
      expect(good, ended.did, `cni0 and ${port?.ifname} in \`interfaces\``, describeEnd(ended));
    },
  ),
  afterAdd(
    'gateway-address',
    'isGateway puts the address of the gateway on the bridge',
    rules.bridgeGateway,
    gateway(),
    ({ ended, result, bridge }) => {
      const told = objectsOf(result.ips)[0]?.gateway;
      expect(told === '10.1.0.1', ended.did, 'gateway 10.1.0.1 in the result', describeEnd(ended));
      const there = addressesOf(bridge);
      expect(there.includes('10.1.0.1/24'), ended.did, '10.1.0.1/24 on cni0', there.join(', '));
    },
  ),
  afterAdd(
    'default-gateway-route',
    'isDefaultGateway makes the bridge the default route',
    rules.bridgeDefaultGateway,
    () => ({ fields: { isDefaultGateway: true } }),
    async ({ ended, attachment, result }) => {
      const route = (await attachment.inside.routes()).find(({ dst }) => dst === 'default');
      expect(route?.gateway === '10.1.0.1', ended.did, 'a default route by 10.1.0.1', JSON.stringify(route ?? 'none'));
      const told = objectsOf(result.routes).some(({ dst }) => dst === '0.0.0.0/0');
      expect(told, ended.did, 'the route in the result', describeEnd(ended));
    },
  ),
  afterAdd(
    'routes-are-there',
    'Every route of the result is in the container',
    rules.resultRoutes,
    (world) => ({
      fields: {
        isGateway: true,
        ipam: hostLocal(world, {
          subnet: '10.1.0.0/24',
          routes: [{ dst: '10.9.0.0/16' }, { dst: '10.10.0.0/16', gw: '10.1.0.254' }],
        }),
      },
    }),
    async ({ ended, attachment, result }) => {
      const there = (await attachment.inside.routes()).map(({ dst, gateway: gw }) => `${dst} via ${gw}`);
      expect(objectsOf(result.routes).length === 2, ended.did, 'two routes in the result', describeEnd(ended));
      for (const route of ['10.9.0.0/16 via 10.1.0.1', '10.10.0.0/16 via 10.1.0.254'])
        expect(there.includes(route), ended.did, route, there.join(', '));
    },
  ),
  afterAdd(
    'dual-stack',
    'A container gets an address of each family, usable at once',
    rules.resultAddresses,
    (world) => ({
      fields: {
        isDefaultGateway: true,
        ipam: hostLocal(world, { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]] }),
      },
    }),
    async ({ ended, attachment, result, container }) => {
      const [told, there] = [objectsOf(result.ips).map(({ address }) => String(address)), addressesOf(container)];
      expect(told.length === 2, ended.did, 'two addresses in the result', describeEnd(ended));
      for (const address of told) expect(there.includes(address), ended.did, `${address} on eth0`, there.join(', '));
      const tentative = container?.addr_info.filter((one) => one.tentative === true && one.scope === 'global') ?? [];
      expect(tentative.length === 0, ended.did, 'no address that is still tentative', JSON.stringify(tentative));
      const gateways = (await attachment.inside.routes())
        .filter(({ dst }) => dst === 'default')
        .map(({ gateway: gw }) => gw);
      expect(
        gateways.includes('10.1.0.1') && gateways.includes('fd00:1::1'),
        ended.did,
        'default routes of both families',
        String(gateways),
      );
    },
  ),
  afterAdd(
    'mtu',
    'mtu is the MTU of both ends',
    rules.bridgeMtu,
    gateway({ mtu: 1400 }),
    ({ ended, container, port }) => {
      expect(
        container?.mtu === 1400 && port?.mtu === 1400,
        ended.did,
        'MTU 1400 at both ends',
        `${container?.mtu} and ${port?.mtu}`,
      );
    },
  ),
  afterAdd(
    'hairpin',
    'hairpinMode sets the port to hairpin',
    rules.bridgeHairpin,
    gateway({ hairpinMode: true }),
    ({ ended, port }) => {
      const seen = port?.linkinfo?.info_slave_data?.hairpin;
      expect(seen === true, ended.did, 'hairpin on at the port', String(seen));
    },
  ),
  afterAdd(
    'promiscuous',
    'promiscMode sets the bridge to be promiscuous',
    rules.bridgePromiscuous,
    gateway({ promiscMode: true }),
    ({ ended, bridge }) => {
      expect((bridge?.promiscuity ?? 0) > 0, ended.did, 'cni0 promiscuous', `promiscuity ${bridge?.promiscuity}`);
    },
  ),
  {
    ...afterAdd(
      'vlan',
      'vlan makes the port an untagged member of the VLAN',
      rules.bridgeVlan,
      () => ({ fields: { vlan: 77 } }),
      async ({ world, ended, port }) => {
        const { stdout } = await (await world.host()).run('bridge', '-j', 'vlan', 'show', 'dev', port?.ifname ?? '');
        const vlans = objectsOf(objectsOf(JSON.parse(stdout || '[]'))[0]?.vlans);
        const pvid = vlans.find(({ flags }) => String(flags).includes('PVID'))?.vlan;
        expect(pvid === 77, ended.did, '77 as the PVID of the port', stdout.trim());
      },
    ),
    needs: { plugins, version: '1.0.0', tools: ['bridge'], kernel: vlanFiltering },
  },
  afterAdd(
    'mac-from-args',
    'MAC of CNI_ARGS is the hardware address',
    rules.bridgeMac,
    () => ({ call: { args: `IgnoreUnknown=1;MAC=${mac}` } }),
    ({ ended, container }) => {
      expect(container?.address === mac, ended.did, mac, String(container?.address));
    },
  ),
  afterAdd(
    'mac-from-capability',
    'mac of runtimeConfig is the hardware address',
    rules.bridgeMacCapability,
    gateway({ runtimeConfig: { mac } }),
    ({ ended, container }) => {
      expect(container?.address === mac, ended.did, mac, String(container?.address));
    },
  ),
  afterAdd(
    'dns',
    'dns of the configuration is in the result',
    rules.resultDns,
    gateway({ dns: { nameservers: ['10.1.0.1'], search: ['x.test'] } }),
    ({ ended, result }) => {
      const seen = JSON.stringify(result.dns ?? {});
      expect(
        seen.includes('"10.1.0.1"') && seen.includes('"x.test"'),
        ended.did,
        'name server and search domain',
        seen,
      );
    },
  ),
  afterAdd(
    'layer-2',
    'Without IPAM the container is connected and has no address',
    rules.bridgeLayer2,
    gateway({ isGateway: false, ipam: {} }),
    ({ ended, result, container, port }) => {
      expect(objectsOf(result.ips).length === 0, ended.did, 'no addresses in the result', describeEnd(ended));
      expect(
        container?.flags.includes('UP') === true && port?.master === 'cni0',
        ended.did,
        'eth0 up, and a port of cni0',
        JSON.stringify([container, port]),
      );
    },
  ),
  {
    ...afterAdd(
      'masquerade',
      'ipMasq masquerades what the container sends elsewhere',
      rules.bridgeMasquerade,
      gateway({ ipMasq: true }),
      async ({ world, ended }) => {
        const ruleset = (await (await world.host()).ruleset()) ?? '';
        const good = ruleset.includes('masquerade') && /10\.1\.0\.2\b/.test(ruleset);
        expect(good, ended.did, 'a rule that masquerades 10.1.0.2', ruleset.replace(/\s+/g, ' '));
      },
    ),
    needs: { plugins, version: '1.0.0', tools: ['nft', 'iptables'] },
  },
  afterAdd('forwards', 'A gateway forwards', rules.bridgeGateway, gateway(), async ({ world, ended }) => {
    const { stdout } = await (await world.host()).run('cat', '/proc/sys/net/ipv4/ip_forward');
    expect(stdout.trim() === '1', ended.did, 'net.ipv4.ip_forward 1', stdout.trim());
  }),
];
