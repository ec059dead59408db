import type { Attachment } from '../bench/attachment.ts';
import type { Call, Ended } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check } from '../check.ts';
import { expect, refused, silent } from '../expect.ts';
import { rules } from '../rules.ts';
import type { Subject } from '../subjects.ts';
import { everything } from './effects.ts';

const version = '1.1.0';

/** GC as libcni calls it: with the list, and no attachment in the environment. */
function collect(
  world: World,
  subject: Subject,
  valid: readonly Attachment[],
  more: Partial<Call> = {},
): Promise<Ended> {
  const attachments = valid.map(({ id, ifname }) => ({ containerID: id, ifname }));
  const fields = { ...subject.configuration(world), 'cni.dev/valid-attachments': attachments };
  return world.call({ type: subject.type, verb: 'GC', configuration: world.configure(fields), ...more });
}

/** GC, of plugins that know version 1.1.0. */
export function gcChecks(subject: Subject): readonly Check[] {
  const { type, ifname, plugins } = subject;
  const needs = { plugins, version };
  const attach = async (world: World) => {
    const attachment = await world.attachment(subject.configuration(world), { type, ifname });
    await attachment.added();
    return attachment;
  };
  const generic: readonly Check[] = [
    {
      id: `${type}-gc-keeps-valid`,
      title: 'GC leaves attachments alone that are valid, and prints nothing',
      rule: rules.keepValid,
      needs,
      async run(world) {
        const valid = [await attach(world), await attach(world)];
        const [first] = valid;
        if (first === undefined) return;
        const before = await everything(world, first.netns);
        const ended = await collect(world, subject, valid);
        silent(ended);
        const after = await everything(world, first.netns);
        expect(String(before) === String(after), ended.did, before.join('; '), after.join('; '));
      },
    },
    {
      id: `${type}-gc-nothing-to-do`,
      title: 'GC succeeds where there is nothing, as often as it is called',
      rule: rules.gcWithoutError,
      needs,
      async run(world) {
        for (let i = 0; i < 2; i++) silent(await collect(world, subject, []));
      },
    },
    {
      id: `${type}-gc-needs-no-attachment`,
      title: 'GC takes empty variables for those of an attachment',
      rule: rules.gcInput,
      needs,
      async run(world) {
        silent(await collect(world, subject, [], { id: '', netns: '', ifname: '', args: '' }));
      },
    },
    {
      id: `${type}-del-after-gc`,
      title: 'DEL succeeds after GC has taken the attachment for stale',
      rule: rules.repeatedDel,
      needs,
      async run(world) {
        const stale = await attach(world);
        await world.removeSandbox(stale.netns);
        silent(await collect(world, subject, []));
        silent(await stale.del());
      },
    },
  ];
  return subject.plugins.includes('host-local') ? [...generic, ...leaseChecks(subject, attach)] : generic;
}

function leaseChecks(subject: Subject, attach: (world: World) => Promise<Attachment>): readonly Check[] {
  const { type, ifname, plugins } = subject;
  const needs = { plugins, version };
  const rule = type === 'host-local' ? rules.removeStale : rules.gcDelegates;
  return [
    {
      id: `${type}-gc-removes-stale-leases`,
      title: 'GC removes the leases of attachments that are not valid any more, and no other',
      rule,
      needs,
      async run(world) {
        const [stale, valid] = [await attach(world), await attach(world)];
        await world.removeSandbox(stale.netns);
        const owners = () => world.leased().map((address) => world.lease(address));
        const ended = await collect(world, subject, [valid]);
        silent(ended);
        const seen = owners();
        expect(!seen.some((text) => text.includes(stale.id)), ended.did, `no lease of ${stale.id}`, seen.join('; '));
        expect(
          seen.some((text) => text.includes(valid.id)),
          ended.did,
          `the lease of ${valid.id}`,
          seen.join('; ') || 'none',
        );
      },
    },
    {
      id: `${type}-gc-bad-list`,
      title: 'GC with a list that is none is refused',
      rule: rules.undecodable,
      needs,
      async run(world) {
        const fields = { ...subject.configuration(world), 'cni.dev/valid-attachments': 'all' };
        const call = { type, verb: 'GC', configuration: world.configure(fields) };
        refused(await world.call(call));
      },
    },
    {
      id: `${type}-gc-removes-all-leases`,
      title: 'GC with an empty list removes all leases of the network',
      rule,
      needs,
      async run(world) {
        for (const { netns } of [await attach(world), await attach(world)]) await world.removeSandbox(netns);
        const ended = await collect(world, subject, []);
        silent(ended);
        expect(world.leased().length === 0, ended.did, 'no lease left', world.leased().join(', '));
      },
    },
    {
      id: `${type}-gc-tells-interfaces-apart`,
      title: 'GC looks at container id and interface name, both',
      rule,
      needs,
      async run(world) {
        const valid = await attach(world);
        const stale = await world.attachment(subject.configuration(world), { type, ifname: 'net1', id: valid.id });
        await stale.added();
        await world.removeSandbox(stale.netns);
        const ended = await collect(world, subject, [valid]);
        silent(ended);
        const seen = world.leased().map((address) => world.lease(address));
        expect(
          seen.length === 1 && seen[0]?.includes(ifname) === true,
          ended.did,
          `the lease of ${ifname} and no other`,
          seen.join('; ') || 'none',
        );
      },
    },
    {
      id: `${type}-gc-other-network`,
      title: 'GC leaves the leases of another network alone',
      rule: rules.gcOtherNetworks,
      needs,
      async run(world) {
        const name = `${world.network}-b`;
        const other = await world.attachment({ ...subject.configuration(world), name }, { type, ifname });
        await other.added();
        const ended = await collect(world, subject, []);
        silent(ended);
        expect(
          world.leased(name).length === 1,
          ended.did,
          `the lease of ${name}`,
          world.leased(name).join(', ') || 'none',
        );
      },
    },
  ];
}
