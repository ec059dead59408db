import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeComponent } from '../../../host/component/decode.ts';
import { contractProblems } from '../../../host/interfaces/contract.ts';
import { hostInterfaces } from '../../../host/interfaces/table.ts';
import { accessOf } from '../../../host/policy/access.ts';
import { judgingPolicy } from '../../../host/trust/establish.ts';
import { judge } from '../../../host/trust/judge.ts';
import { digestOf } from '../../../host/trust/plugin-files.ts';
import { changed, componentOf, packages, withManifest } from './components.ts';

let directory: string;
let policy: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-contract-'));
  policy = join(directory, 'policy.yaml');
  const plugin = 'plugins:\n  odd: { signers: [release], missing: deny-at-call, grants: [log] }\n';
  writeFileSync(policy, `version: 1\nsigners: { release: release }\n${plugin}`);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Why a component of that world may not run, though it is vouched for, and its manifest asks for all that it imports. */
async function problems(world: string, from = packages): Promise<readonly string[]> {
  const bare = await componentOf(world, from);
  const bytes = withManifest(bare, 'odd', asked(bare));
  const digest = digestOf(bytes);
  return judge({ type: 'odd', path: '/odd.wasm', bytes, digest, pin: digest }, [], judgingPolicy(policy)).problems;
}

function asked(component: Uint8Array): string[] {
  return [...decodeComponent(component).imports.keys()].filter((id) => accessOf(id).length > 0);
}

const plugin = 'export bulkhead:cni/plugin@0.1.0;';
const own = (text: string) => `package mine:kind@0.1.0 { interface kind { ${text} } }\n`;

describe('a component of the host’s own interfaces', () => {
  test('may run, with all of them', async () => {
    const imports = hostInterfaces.map(({ id }) => `import ${id};`).join('\n');
    expect(await problems(`${imports}\n${plugin}`)).toEqual([]);
  });

  test('may do without what it does not use, and call its types as it likes', async () => {
    const fewer = changed(
      packages,
      '  by-index: func(ns: borrow<netns>, index: u32) -> result<option<link>, fault>;\n',
      '',
    );
    const renamed = fewer.replaceAll('oper-state', 'phase').replaceAll('bridge-details', 'details-of-bridges');
    expect(await problems(`import bulkhead:net/links@0.1.0;\n${plugin}`, renamed)).toEqual([]);
  });
});

describe('a component that imports', () => {
  const links = 'bulkhead:net/links@0.1.0';
  const other = (name: string, id: string) => `it imports ${name} of ${id} with another type than the host's`;

  test.each<[string, string, string, string, readonly string[]]>([
    [
      'a number with a sign where the host’s has none',
      'by-index: func(ns: borrow<netns>, index: u32)',
      'by-index: func(ns: borrow<netns>, index: s32)',
      links,
      [other('by-index', links)],
    ],
    [
      'a text where the host takes a number',
      'wait-until-up: func(ns: borrow<netns>, index: u32',
      'wait-until-up: func(ns: borrow<netns>, index: string',
      links,
      [other('wait-until-up', links)],
    ],
    [
      'a parameter less',
      'wait-until-up: func(ns: borrow<netns>, index: u32, timeout-ms: u32)',
      'wait-until-up: func(ns: borrow<netns>, index: u32)',
      links,
      [other('wait-until-up', links)],
    ],
    [
      'a parameter of another name',
      'by-name: func(ns: borrow<netns>, name: string)',
      'by-name: func(ns: borrow<netns>, %string: string)',
      links,
      [other('by-name', links)],
    ],
    [
      'another payload of a result',
      'by-name: func(ns: borrow<netns>, name: string) -> result<option<link>, fault>',
      'by-name: func(ns: borrow<netns>, name: string) -> result<link, fault>',
      links,
      [other('by-name', links)],
    ],
    [
      'no result',
      'wait-until-up: func(ns: borrow<netns>, index: u32, timeout-ms: u32) -> result<_, fault>;',
      'wait-until-up: func(ns: borrow<netns>, index: u32, timeout-ms: u32);',
      links,
      [other('wait-until-up', links)],
    ],
    [
      'a record with another field, in every function that has it somewhere inside',
      'record bridge-details { vlan-filtering: bool }',
      'record bridge-details { vlan-filtering: bool, color: u8 }',
      links,
      ['all', 'by-name', 'by-index'].map((name) => other(name, links)),
    ],
    [
      'a record with its fields in another order',
      'record veth-options { peer-name: option<string>, peer-namespace: borrow<netns>,',
      'record veth-options { peer-namespace: borrow<netns>, peer-name: option<string>,',
      'bulkhead:net/link-control@0.1.0',
      [other('create', 'bulkhead:net/link-control@0.1.0')],
    ],
    [
      'an enum with a case more',
      'enum macvlan-mode { bridge, private, vepa, passthru }',
      'enum macvlan-mode { bridge, private, vepa, passthru, any }',
      'bulkhead:net/link-control@0.1.0',
      [other('create', 'bulkhead:net/link-control@0.1.0')],
    ],
    [
      'a variant whose case has a payload',
      '    dummy,\n',
      '    dummy(string),\n',
      'bulkhead:net/link-control@0.1.0',
      [other('create', 'bulkhead:net/link-control@0.1.0')],
    ],
    [
      'flags in another order',
      'flags address-flags { no-dad, no-prefix-route }',
      'flags address-flags { no-prefix-route, no-dad }',
      'bulkhead:net/addresses@0.1.0',
      [other('add', 'bulkhead:net/addresses@0.1.0')],
    ],
    [
      'a handle given away where the host borrows it',
      'all: func(ns: borrow<netns>) -> result<list<link>, fault>;',
      'all: func(ns: netns) -> result<list<link>, fault>;',
      links,
      [other('all', links)],
    ],
    [
      'a number where the host takes a handle',
      'all: func(ns: borrow<netns>) -> result<list<link>, fault>;',
      'all: func(ns: u32) -> result<list<link>, fault>;',
      links,
      [other('all', links)],
    ],
    [
      'a handle of a resource that is not the host’s',
      'read: func(ns: borrow<netns>, key: string)',
      'resource netns2;\n  read: func(ns: borrow<netns2>, key: string)',
      'bulkhead:net/sysctls@0.1.0',
      [
        'it imports netns2 of bulkhead:net/sysctls@0.1.0, which the host does not offer',
        other('read', 'bulkhead:net/sysctls@0.1.0'),
      ],
    ],
    [
      'a handle of a resource where the host has none',
      'write: func(level: level, message: string);',
      'resource line;\n  write: func(level: level, message: borrow<line>);',
      'bulkhead:cni/log@0.1.0',
      [
        'it imports line of bulkhead:cni/log@0.1.0, which the host does not offer',
        other('write', 'bulkhead:cni/log@0.1.0'),
      ],
    ],
    [
      'a function that the host lacks',
      'is-ready: func(ranges: list<range>) -> result<bool, fault>;',
      'is-ready: func(ranges: list<range>) -> result<bool, fault>;\n  take-all: func();',
      'bulkhead:ipam/leases@0.1.0',
      ['it imports take-all of bulkhead:ipam/leases@0.1.0, which the host does not offer'],
    ],
    [
      'a function by a name that all objects have',
      'read: func(path: string) -> result<dns, fault>;',
      'read: func(path: string) -> result<dns, fault>;\n  %constructor: func();\n  to-string: func();\n  value-of: func();',
      'bulkhead:ipam/resolver@0.1.0',
      ['constructor', 'to-string', 'value-of'].map(
        (name) => `it imports ${name} of bulkhead:ipam/resolver@0.1.0, which the host does not offer`,
      ),
    ],
    [
      'a method that the host’s resource lacks',
      'path: func() -> string;',
      'path: func() -> string;\n    close: func();',
      'bulkhead:net/namespaces@0.1.0',
      ['it imports [method]netns.close of bulkhead:net/namespaces@0.1.0, which the host does not offer'],
    ],
    [
      'a constructor of what only doors hand out',
      'resource netns {',
      'resource netns {\n    constructor(path: string);',
      'bulkhead:net/namespaces@0.1.0',
      ['it imports [constructor]netns of bulkhead:net/namespaces@0.1.0, which the host does not offer'],
    ],
  ])('%s', async (_, from, to, id, told) => {
    expect(await problems(`import ${id};\n${plugin}`, changed(packages, from, to))).toEqual(told);
  });

  test.each<[string, string, string]>([
    ['an interface that the host does not have', 'import mine:kind/kind@0.1.0;', 'mine:kind/kind@0.1.0'],
    ['a function of the world', 'import peek: func(address: u64) -> u8;', 'peek'],
    ['an interface of the world', 'import inside: interface { peek: func() -> u8; }', 'inside'],
  ])('%s', async (_, world, id) => {
    const told = await problems(`${world}\n${plugin}`, packages + own('peek: func() -> u8;'));
    expect(told).toEqual([`it imports ${id}, which the host does not offer`]);
  });

  test.each(['0.1.1', '0.2.0', '1.0.0', '0.1.0-rc.1'])('its links in version %s', async (version) => {
    const newer = packages.slice(
      packages.indexOf('package bulkhead:net@0.1.0 {'),
      packages.indexOf('/// Addresses for'),
    );
    const from = `${packages}\n${changed(newer, 'bulkhead:net@0.1.0', `bulkhead:net@${version}`)}`;
    expect(await problems(`import bulkhead:net/links@${version};\n${plugin}`, from)).toContain(
      `it imports bulkhead:net/links@${version}, which the host does not offer`,
    );
  });
});

describe('a component that exports', () => {
  const id = 'bulkhead:cni/plugin@0.1.0';
  const other = (name: string) => `it exports ${name} of ${id} with another type than the host's`;

  test('no plugin', async () => {
    expect(await problems('import bulkhead:cni/log@0.1.0;')).toEqual([`it does not export ${id}`]);
    expect(await problems('export mine:kind/kind@0.1.0;', packages + own('add: func();'))).toEqual([
      `it does not export ${id}`,
    ]);
  });

  test('a plugin of another version', async () => {
    const text = packages
      .replaceAll('bulkhead:cni@0.1.0', 'bulkhead:cni@0.2.0')
      .replaceAll(/bulkhead:cni\/types@0.1.0/g, 'bulkhead:cni/types@0.2.0');
    expect(await problems('export bulkhead:cni/plugin@0.2.0;', text)).toContain(`it does not export ${id}`);
  });

  test.each<[string, string, string, readonly string[]]>([
    ['another argument', 'status: func(config: string)', 'status: func(config: list<u8>)', [other('status')]],
    [
      'another result',
      'add: func(request: request) -> result<outcome, failure>;',
      'add: func(request: request) -> result<option<outcome>, failure>;',
      [other('add')],
    ],
    [
      'another result in the depth',
      '    mtu: option<u32>,\n    /// Empty for the host.',
      '    mtu: u32,\n    /// Empty for the host.',
      ['add', 'del', 'check'].map(other),
    ],
    [
      'a function less',
      '  check: func(request: request) -> result<_, failure>;\n  status: func(config: string)',
      '  status: func(config: string)',
      [`it does not export check of ${id}`],
    ],
  ])('a plugin with %s', async (_, from, to, told) => {
    expect(await problems(plugin, changed(packages, from, to))).toEqual(told);
  });

  test('a plugin with more than that may run: nobody calls it', async () => {
    const text = changed(packages, 'status: func(config: string)', 'extra: func();\n  status: func(config: string)');
    expect(await problems(plugin, text)).toEqual([]);
  });

  test('a plugin that is a function', () => {
    const type = { kind: 'function', parameters: [], result: undefined } as const;
    const told = contractProblems({ imports: new Map(), exports: new Map([[id, type]]) });
    expect(told).toEqual(['add', 'del', 'check', 'status'].map((name) => `it does not export ${name} of ${id}`));
  });
});
