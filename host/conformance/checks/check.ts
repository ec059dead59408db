import type { Attachment } from '../bench/attachment.ts';
import type { Configuration } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check, Rule } from '../check.ts';
import { type JsonObject, objectsOf, refused, silent } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, type Subject } from '../subjects.ts';

/** CHECK of any plugin that knows interfaces. */
export function checkChecks(subject: Subject): readonly Check[] {
  const { type, ifname, plugins } = subject;
  if (subject.kind !== 'interface') return [];
  return [
    {
      id: `${type}-check-without-prev-result`,
      title: 'CHECK without prevResult is refused',
      rule: rules.consultPrevious,
      needs: { plugins, version: '1.0.0' },
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        await attachment.added();
        refused(await attachment.check(undefined));
      },
    },
  ];
}

const plugins = ['bridge', 'host-local'];
const needs = { plugins, version: '1.0.0' };

interface Attached {
  readonly world: World;
  readonly attachment: Attachment;
  readonly result: JsonObject;
  /** Name of the host's end. */
  readonly port: string;
}

const network = (world: World): Configuration => ({
  type: 'bridge',
  bridge: 'cni0',
  isDefaultGateway: true,
  ipam: hostLocal(world),
});

async function attach(world: World, fields: Configuration = {}): Promise<Attached> {
  const attachment = await world.attachment({ ...network(world), ...fields }, { type: 'bridge' });
  const result = await attachment.added();
  const names = objectsOf(result.interfaces).map(({ name }) => String(name));
  return { world, attachment, result, port: names.find((name) => name !== 'cni0' && name !== attachment.ifname) ?? '' };
}

/** CHECK has to succeed, then something is changed behind the plugin's back, and it has to fail. */
function notices(
  id: string,
  title: string,
  rule: Rule,
  tamper: (attached: Attached) => Promise<void>,
  more: { readonly fields?: Configuration; readonly tools?: readonly string[] } = {},
): Check {
  return {
    id: `bridge-check-${id}`,
    title: `CHECK fails where ${title}`,
    rule,
    needs: { ...needs, ...(more.tools === undefined ? {} : { tools: more.tools }) },
    async run(world) {
      const attached = await attach(world, more.fields);
      silent(await attached.attachment.check(attached.result));
      await tamper(attached);
      refused(await attached.attachment.check(attached.result));
    },
  };
}

const inside = (command: string) => (attached: Attached) => attached.attachment.inside.change(command);
const outside = (command: (attached: Attached) => string) => async (attached: Attached) =>
  (await attached.world.host()).change(command(attached));

/** CHECK has to succeed though something is not as ADD left it. */
function allows(
  id: string,
  title: string,
  rule: Rule,
  change: (attached: Attached) => Promise<JsonObject | undefined>,
  fields?: Configuration,
): Check {
  return {
    id: `bridge-check-${id}`,
    title: `CHECK succeeds ${title}`,
    rule,
    needs,
    async run(world) {
      const attached = await attach(world, fields);
      const changed = await change(attached);
      silent(await attached.attachment.check(changed ?? attached.result));
    },
  };
}

export const bridgeCheckChecks: readonly Check[] = [
  notices('interface-gone', 'the interface is gone', rules.missingResource, inside('ip link del eth0')),
  notices(
    'interface-replaced',
    'another interface has its name',
    rules.missingResource,
    inside(
      'ip link del eth0; ip link add eth0 type veth peer name peer0; ip link set eth0 up; ip address add 10.1.0.2/24 dev eth0; ip route add default via 10.1.0.1',
    ),
  ),
  notices('address-gone', 'the address is gone', rules.missingResource, inside('ip address del 10.1.0.2/24 dev eth0')),
  notices(
    'address-changed',
    'the address is another',
    rules.missingResource,
    inside(
      'ip address del 10.1.0.2/24 dev eth0; ip address add 10.1.0.99/24 dev eth0; ip route add default via 10.1.0.1',
    ),
  ),
  notices('route-gone', 'a route is gone', rules.missingResource, inside('ip route del default')),
  notices(
    'mac-changed',
    'the hardware address is another',
    rules.missingResource,
    inside('ip link set eth0 address c2:00:00:00:00:01'),
  ),
  notices(
    'port-left',
    "the host's end has left the bridge",
    rules.unreachable,
    outside(({ port }) => `ip link set ${port} nomaster`),
  ),
  notices(
    'bridge-gone',
    'the bridge is gone',
    rules.missingResource,
    outside(() => 'ip link del cni0'),
  ),
  notices(
    'lease-gone',
    'the lease is gone: CHECK is passed on to the IPAM plugin',
    rules.checkDelegates,
    async ({ world }) => {
      for (const address of world.leased()) world.takeLease(address);
    },
  ),
  notices(
    'masquerade-gone',
    'the masquerading is gone',
    rules.untrackedResource,
    outside(() => 'nft flush ruleset'),
    { fields: { ipMasq: true }, tools: ['nft', 'iptables'] },
  ),
  {
    id: 'bridge-check-sandbox-differs',
    title: 'CHECK fails where prevResult is of another sandbox',
    rule: rules.consultPrevious,
    needs,
    async run(world) {
      const { attachment, result } = await attach(world);
      const interfaces = objectsOf(result.interfaces).map((one) =>
        one.sandbox ? { ...one, sandbox: '/run/netns/other' } : one,
      );
      refused(await attachment.check({ ...result, interfaces }));
    },
  },
  {
    id: 'bridge-check-address-differs',
    title: 'CHECK fails where prevResult has another address than the interface',
    rule: rules.consultPrevious,
    needs,
    async run(world) {
      const { attachment, result } = await attach(world);
      const ips = objectsOf(result.ips).map((ip) => ({ ...ip, address: '10.1.0.123/24' }));
      refused(await attachment.check({ ...result, ips }));
    },
  },
  allows(
    'later-route',
    'where a later plugin has added a route and an address',
    rules.allowLaterPlugins,
    async ({ attachment }) => {
      await attachment.inside.change('ip route add 10.200.0.0/16 via 10.1.0.1; ip address add 10.201.0.1/24 dev eth0');
      return undefined;
    },
  ),
  allows(
    'later-interface',
    'where a later plugin has added an interface to container and result',
    rules.allowLaterPlugins,
    async ({ attachment, result }) => {
      await attachment.inside.change(
        'ip link add net9 address 02:00:00:00:00:09 type veth peer name peer9; ip link set net9 up',
      );
      const more = { name: 'net9', mac: '02:00:00:00:00:09', sandbox: attachment.netns };
      return { ...result, interfaces: [...objectsOf(result.interfaces), more] };
    },
  ),
  allows('layer-2', 'on a network without IPAM', rules.checkAfterAdd, async () => undefined, {
    isDefaultGateway: false,
    ipam: {},
  }),
];
