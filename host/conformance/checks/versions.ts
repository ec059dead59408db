import { allVersions, type Check, compareVersions } from '../check.ts';
import { describeEnd, expect, refused, resultOf, silent } from '../expect.ts';
import { shapeFaults } from '../result-shape.ts';
import { rules } from '../rules.ts';
import type { Subject } from '../subjects.ts';

/** What each version of the specification has of its own: the form of results, and the commands that there are. */
export function versionChecks(subject: Subject): readonly Check[] {
  const checked = allVersions.filter((version) => compareVersions(version, '0.4.0') >= 0);
  return [
    ...allVersions.map((version) => resultOfVersion(subject, version)),
    ...checked.map((version) => checkOfVersion(subject, version)),
    withoutVersion(subject),
    commandBefore(subject, 'CHECK', '0.4.0'),
    commandBefore(subject, 'GC', '1.1.0'),
    commandBefore(subject, 'STATUS', '1.1.0'),
  ];
}

function resultOfVersion(subject: Subject, version: string): Check {
  const { type, kind, ifname, plugins } = subject;
  return {
    id: `${type}-result-${version.replaceAll('.', '-')}`,
    title: `ADD and DEL work in version ${version}, and the result has its form`,
    rule: rules.formats,
    needs: { plugins, version },
    async run(world) {
      const attachment = await world.attachment(subject.configuration(world), { type, ifname });
      const ended = await attachment.add();
      const faults = shapeFaults(resultOf(ended), { version, ipam: kind === 'ipam' });
      expect(
        faults.length === 0,
        ended.did,
        `a result as in version ${version}`,
        `${faults.join('; ')}: ${describeEnd(ended)}`,
      );
      silent(await attachment.del());
    },
  };
}

function checkOfVersion(subject: Subject, version: string): Check {
  const { type, ifname, plugins } = subject;
  return {
    id: `${type}-check-${version.replaceAll('.', '-')}`,
    title: `CHECK right after ADD succeeds in version ${version}, and prints nothing`,
    rule: rules.checkAfterAdd,
    needs: { plugins, version },
    async run(world) {
      const attachment = await world.attachment(subject.configuration(world), { type, ifname });
      silent(await attachment.check(await attachment.added()));
    },
  };
}

function withoutVersion(subject: Subject): Check {
  const { type, ifname, plugins } = subject;
  return {
    id: `${type}-result-without-version`,
    title: 'Without cniVersion the result has the form of 0.2.0',
    rule: rules.absentVersion,
    needs: { plugins },
    async run(world) {
      const configuration = { ...subject.configuration(world), cniVersion: undefined };
      const attachment = await world.attachment(configuration, { type, ifname });
      const ended = await attachment.add();
      const { cniVersion, ...result } = resultOf(ended);
      // 0.1.0 has the same form; the reference takes that for the default.
      const known = cniVersion === '0.1.0' || cniVersion === '0.2.0';
      const faults = shapeFaults({ ...result, cniVersion: '0.2.0' }, { version: '0.2.0', ipam: false });
      expect(
        known && faults.length === 0,
        ended.did,
        'a result as in version 0.2.0',
        `${faults.join('; ')}: ${describeEnd(ended)}`,
      );
    },
  };
}

function commandBefore(subject: Subject, verb: 'CHECK' | 'GC' | 'STATUS', introduced: string): Check {
  const { type, ifname, plugins } = subject;
  return {
    id: `${type}-${verb.toLowerCase()}-before-${introduced.replaceAll('.', '-')}`,
    title: `${verb} is refused in versions before ${introduced}`,
    rule: verb === 'CHECK' ? rules.introducedCheck : rules.introducedGc,
    needs: { plugins, version: introduced },
    async run(world) {
      const older = allVersions.filter((version) => compareVersions(version, introduced) < 0);
      const call = { type, verb, id: world.containerId(), netns: await world.sandbox(), ifname };
      for (const version of older) {
        const configuration = world.configure(
          { ...subject.configuration(world), 'cni.dev/valid-attachments': [] },
          version,
        );
        refused(await world.call({ ...call, configuration }), { codes: [1] });
      }
    },
  };
}
