import type { Call, Configuration, Ended } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check } from '../check.ts';
import { orRefused, refused, silent } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, type Subject, subnet } from '../subjects.ts';
import { withoutEffect } from './effects.ts';

const version = '1.1.0';

function ask(world: World, { type }: Subject, fields: Configuration, more: Partial<Call> = {}): Promise<Ended> {
  return world.call({ type, verb: 'STATUS', configuration: world.configure(fields), ...more });
}

/** STATUS, of plugins that know version 1.1.0. */
export function statusChecks(subject: Subject): readonly Check[] {
  const { type, kind, plugins } = subject;
  const needs = { plugins, version };
  const all: readonly Check[] = [
    {
      id: `${type}-status-ready`,
      title: 'STATUS succeeds where ADD would, prints nothing and changes nothing',
      rule: rules.ready,
      needs,
      async run(world) {
        await withoutEffect(world, await world.sandbox(), async function* () {
          const ended = await ask(world, subject, subject.configuration(world));
          silent(ended);
          yield ended;
        });
      },
    },
    {
      id: `${type}-status-needs-no-attachment`,
      title: 'STATUS takes empty variables for those of an attachment',
      rule: rules.statusInput,
      needs,
      async run(world) {
        const empty = { id: '', netns: '', ifname: '', args: '' };
        silent(await ask(world, subject, subject.configuration(world), empty));
      },
    },
    {
      id: `${type}-status-path-is-optional`,
      title: 'STATUS needs no CNI_PATH where nothing is delegated, or says that it does',
      rule: rules.statusInput,
      needs,
      async run(world) {
        orRefused(await ask(world, subject, subject.configuration(world), { path: null }), silent);
      },
    },
  ];
  const generic = all.filter(({ id }) => kind !== 'interface' || !id.endsWith('path-is-optional'));
  return subject.plugins.includes('host-local') ? [...generic, ...exhaustionChecks(subject)] : generic;
}

function exhaustionChecks(subject: Subject): readonly Check[] {
  const { type, ifname, plugins } = subject;
  const full = (world: World) => ({
    ...subject.configuration(world),
    ipam: hostLocal(world, { subnet, rangeStart: '10.1.0.9', rangeEnd: '10.1.0.9' }),
  });
  return [
    {
      id: `${type}-status-exhausted`,
      title: 'STATUS fails with code 50 where no address is left, or leaves that to the ADD, and succeeds after a DEL',
      rule: type === 'host-local' ? rules.exhausted : rules.statusDelegates,
      needs: { plugins, version },
      async run(world) {
        const attachment = await world.attachment(full(world), { type, ifname });
        silent(await ask(world, subject, full(world)));
        await attachment.added();
        const ended = await ask(world, subject, full(world));
        // Under containerd, a node whose STATUS fails takes no pods at all, of any other network either.
        if (ended.status === 0) silent(ended);
        else refused(ended, { codes: [50, 51] });
        silent(await attachment.del());
        silent(await ask(world, subject, full(world)));
      },
    },
  ];
}
