import { type Check, compareVersions } from '../check.ts';
import { describeEnd, expect, isObject, refused, resultOf } from '../expect.ts';
import { rules } from '../rules.ts';
import type { Subject } from '../subjects.ts';
import { withoutEffect } from './effects.ts';

const probe = { cniVersion: '1.0.0' };

/** What any plugin has to do with any command: VERSION, unknown commands, and the form of errors. */
export function protocolChecks({ type, ifname }: Subject): readonly Check[] {
  const needs = { plugins: [type], namespaces: false } as const;
  return [
    {
      id: `${type}-version-lists-versions`,
      title: 'VERSION tells which versions are supported',
      rule: rules.versionResult,
      needs,
      async run(world) {
        const ended = await world.call({ type, verb: 'VERSION', configuration: probe });
        const { supportedVersions } = resultOf(ended);
        const isVersion = (one: unknown) => typeof one === 'string' && /^\d+\.\d+\.\d+$/.test(one);
        const good =
          Array.isArray(supportedVersions) && supportedVersions.length > 0 && supportedVersions.every(isVersion);
        expect(good, ended.did, '`supportedVersions`, a list of versions', describeEnd(ended));
      },
    },
    {
      id: `${type}-version-has-cniversion`,
      title: 'VERSION answers in the version it was asked in, or in its newest',
      rule: rules.versionEcho,
      needs,
      async run(world) {
        for (const cniVersion of ['0.4.0', '1.0.0']) {
          const ended = await world.call({ type, verb: 'VERSION', configuration: { cniVersion } });
          const { supportedVersions, ...answered } = resultOf(ended);
          const newest = Array.isArray(supportedVersions)
            ? supportedVersions.toSorted(compareVersions).at(-1)
            : undefined;
          // The specification's own library, and with it all plugins that are made with it, does not read what is asked.
          const isEither = answered.cniVersion === cniVersion || answered.cniVersion === newest;
          expect(isEither, ended.did, `cniVersion ${cniVersion}, or ${newest}`, describeEnd(ended));
        }
      },
    },
    {
      id: `${type}-version-needs-only-command`,
      title: 'VERSION needs no variable but CNI_COMMAND, and minds no other',
      rule: rules.versionInput,
      needs,
      async run(world) {
        const dummies = { id: '', netns: 'dummy', ifname: 'dummy', path: 'dummy' };
        for (const more of [{ path: null }, dummies]) {
          resultOf(await world.call({ type, verb: 'VERSION', configuration: probe, ...more }));
        }
      },
    },
    {
      id: `${type}-version-with-open-stdin`,
      title: 'VERSION answers once its object is there, though stdin stays open',
      rule: rules.versionObject,
      needs,
      async run(world) {
        resultOf(await world.call({ type, verb: 'VERSION', configuration: probe, stdinOpen: true }));
      },
    },
    {
      id: `${type}-unknown-command`,
      title: 'A command that is none is refused, and nothing is done',
      rule: rules.invalidEnvironment,
      needs: { plugins: [type] },
      async run(world) {
        const netns = await world.sandbox();
        const call = { type, id: world.containerId(), netns, ifname, configuration: world.configure({ type }) };
        await withoutEffect(world, netns, async function* () {
          for (const verb of ['FROB', 'add', 'ADDX']) {
            const ended = await world.call({ ...call, verb });
            refused(ended, { codes: [4], names: ['CNI_COMMAND'] });
            yield ended;
          }
        });
      },
    },
    {
      id: `${type}-no-command`,
      title: 'Without a command nothing is done, and no result is printed',
      rule: rules.invalidEnvironment,
      needs: { plugins: [type] },
      async run(world) {
        const netns = await world.sandbox();
        const call = { type, id: world.containerId(), netns, ifname, configuration: world.configure({ type }) };
        await withoutEffect(world, netns, async function* () {
          const ended = await world.call({ ...call, verb: '', environment: { CNI_COMMAND: undefined } });
          // Whoever runs a plugin by hand may be told what it is, on stderr.
          if (ended.status !== 0) refused(ended, { codes: [4], names: ['CNI_COMMAND'] });
          else expect(ended.stdout === '', ended.did, 'an error, or nothing on stdout', describeEnd(ended));
          yield ended;
        });
      },
    },
    {
      id: `${type}-error-has-code-and-message`,
      title: 'A failure has an error object and an exit status other than 0',
      rule: rules.errorCode,
      needs,
      async run(world) {
        const call = { type, id: 'c1', netns: '/nonexistent', ifname, configuration: '{' };
        for (const verb of ['ADD', 'DEL']) refused(await world.call({ ...call, verb }));
      },
    },
    {
      id: `${type}-error-cniversion`,
      title: 'An error object that says in which version it is, says it truly',
      rule: rules.errorVersion,
      needs,
      async run(world) {
        const configuration = { cniVersion: world.version, type };
        const ended = await world.call({ type, verb: 'ADD', id: 'c1', netns: '/nonexistent', ifname, configuration });
        const error = refused(ended);
        const { cniVersion = world.version } = error;
        const expected = `cniVersion ${world.version}, or none`;
        expect(cniVersion === world.version, ended.did, expected, describeEnd(ended));
      },
    },
    {
      id: `${type}-output-is-one-document`,
      title: 'stdout holds one JSON document and nothing else',
      rule: rules.errorOutput,
      needs,
      async run(world) {
        const version = await world.call({ type, verb: 'VERSION', configuration: probe });
        expect(isObject(version.json), version.did, 'one JSON object on stdout', describeEnd(version));
        refused(await world.call({ type, verb: 'DEL', id: '/', ifname, configuration: probe }));
      },
    },
  ];
}
