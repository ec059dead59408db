import { afterEach, describe, expect, test } from 'vitest';
import type { LinkPlan, NetworkNamespace } from '../../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../../host/kernel/linux/linux-kernel.ts';
import { expectErrno, indexOf, prefix, prefixesOf, withoutLinkLocal } from '../../kernel/contract/world.ts';
import { makeNamespace } from '../../kernel/namespace.ts';
import { run } from './side.ts';

const hostNamespace = makeNamespace();
const sandboxNamespace = makeNamespace();
const kernel = openLinuxKernel({ hostNamespace: hostNamespace.path });
const { host } = kernel;
const sandbox = kernel.openNamespace(sandboxNamespace.path);
afterEach(() => {
  for (const namespace of [sandbox, host])
    for (const { name, index } of namespace.links())
      if (name !== 'lo' && name !== 'parent') namespace.removeLink(index);
});

/** Of the host's, which links that sit on another have for it. */
const parent = { namespace: host, index: host.createLink({ name: 'parent', plan: { kind: 'dummy' } }).index };

/** What iproute2 shows of a link. */
function shown(where: typeof hostNamespace, name: string) {
  const [link] = JSON.parse(run(where, `ip -j -d link show ${name}`));
  const { info_kind, info_data } = link.linkinfo;
  return { kind: info_kind, ...info_data };
}

const plans: readonly (readonly [LinkPlan, object])[] = [
  [
    { kind: 'vlan', parent, id: 5 },
    { kind: 'vlan', protocol: '802.1Q', id: 5 },
  ],
  [
    { kind: 'vlan', parent, id: 4094 },
    { kind: 'vlan', protocol: '802.1Q', id: 4094 },
  ],
  ...(['bridge', 'private', 'vepa', 'passthru'] as const).map(
    (mode) =>
      [
        { kind: 'macvlan', parent, mode },
        { kind: 'macvlan', mode },
      ] as const,
  ),
  [
    { kind: 'macvlan', parent, mode: 'bridge', broadcastQueueLength: 77 },
    { kind: 'macvlan', bcqueuelen: 77 },
  ],
  ...(['l2', 'l3', 'l3s'] as const).map(
    (mode) =>
      [
        { kind: 'ipvlan', parent, mode },
        { kind: 'ipvlan', mode },
      ] as const,
  ),
  [{ kind: 'dummy' }, { kind: 'dummy' }],
  [{ kind: 'ifb' }, { kind: 'ifb' }],
  [
    { kind: 'vrf', table: 1000 },
    { kind: 'vrf', table: 1000 },
  ],
];

describe('of kinds of links that machines without VLANs lack,', () => {
  test.each(plans.map(([plan, expected]) => [JSON.stringify({ ...plan, parent: undefined }), plan, expected] as const))(
    '%s is made as it was asked for, in its parent’s namespace and in another',
    (_, plan, expected) => {
      for (const namespace of [host, sandbox]) {
        const made = namespace.createLink({ name: 'new0', mtu: 1400, plan });
        expect(made).toMatchObject({ name: 'new0', kind: plan.kind, mtu: 1400, up: false });
        expect(made.details).toEqual(plan.kind === 'vlan' ? { kind: 'vlan', id: plan.id } : { kind: 'other' });
        if (namespace === host) namespace.removeLink(made.index);
      }
      expect(shown(sandboxNamespace, 'new0')).toMatchObject(expected);
    },
  );

  test('a VLAN is of an id from 0 to 4094, and of one link once', () => {
    const make = (name: string, id: number) => host.createLink({ name, plan: { kind: 'vlan', parent, id } });
    make('parent.7', 7);
    expectErrno(() => make('again', 7), 'EEXIST');
    expectErrno(() => make('parent.7', 8), 'EEXIST');
    expectErrno(() => make('most', 4095), 'ERANGE');
    host.removeLink(indexOf(host, 'parent.7'));
    make('again', 7);
  });

  test('a VLAN of a pair reaches the same VLAN of the other end, and goes with its link', () => {
    const { index } = host.createLink({
      name: 'veth0',
      plan: { kind: 'veth', peerName: 'eth0', peerNamespace: sandbox },
    });
    const ends = [
      [host, index, '10.1.0.1/24'],
      [sandbox, indexOf(sandbox, 'eth0'), '10.1.0.2/24'],
    ] as const;
    for (const [namespace, end, address] of ends) {
      const vlan = namespace.createLink({
        name: 'end.9',
        plan: { kind: 'vlan', parent: { namespace, index: end }, id: 9 },
      });
      namespace.addAddress(vlan.index, prefix(address));
      for (const up of [end, vlan.index]) namespace.changeLink(up, { up: true });
    }
    sandbox.waitUntilUp(indexOf(sandbox, 'end.9'), 5000);
    expect(withoutLinkLocal(prefixesOf(sandbox, indexOf(sandbox, 'end.9')))).toEqual(['10.1.0.2/24']);
    const said = run(sandboxNamespace, "timeout 2 bash --norc -c ': > /dev/tcp/10.1.0.1/9' 2>&1; true");
    expect(said).toContain('refused');
    host.removeLink(index);
    expect([namesOf(host), namesOf(sandbox)]).toEqual([['lo', 'parent'], ['lo']]);
  });

  test('a port of a VRF has it for its controller', () => {
    const vrf = host.createLink({ name: 'vrf0', plan: { kind: 'vrf', table: 1000 } });
    const port = host.createLink({ name: 'dummy0', plan: { kind: 'dummy' } });
    host.changeLink(port.index, { controller: vrf.index });
    expect(host.linkByIndex(port.index)?.controller).toBe(vrf.index);
    expect(host.bridgePort(port.index)).toBeUndefined();
  });
});

function namesOf(namespace: NetworkNamespace): string[] {
  return namespace
    .links()
    .map(({ name }) => name)
    .sort();
}
