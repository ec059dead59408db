import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest } from 'bulkhead/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CompiledPolicy } from '../../../host/policy/compiled.ts';
import { establishTrust, judgingPolicy } from '../../../host/trust/establish.ts';
import { judge } from '../../../host/trust/judge.ts';
import { PluginError } from '../../../host/trust/plugin.ts';
import { type Candidate, candidate, digestOf, indexFile, PluginFiles } from '../../../host/trust/plugin-files.ts';
import { openSeal, Seal } from '../../../host/trust/seal.ts';
import { generateKeyPair, readPrivateKey } from '../../../host/trust/signature/private-key.ts';
import { signBundle } from '../../../host/trust/signature/sign.ts';
import { readTrustState, type TrustState, writeTrustState } from '../../../host/trust/trust-state.ts';
import { readManifest, TrustedPlugins } from '../../../host/trust/trusted-plugins.ts';

let good: Buffer;
beforeAll(async () => {
  const directory = fileURLToPath(new URL('../../../guests/loopback', import.meta.url));
  good = Buffer.from((await buildGuest({ directory })).component);
}, 60_000);

/** The same component of another version. */
function versioned(version: string): Buffer {
  return Buffer.from(good.toString('latin1').replace('"version":"0.1.0"', `"version":"${version}"`), 'latin1');
}

let root: string;
let release: string;
let added: string;
let policy: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-trust-'));
  [release, added, policy] = [join(root, 'release'), join(root, 'added'), join(root, 'policy.yaml')];
  for (const directory of [release, added]) mkdirSync(directory);
  place(release, good);
  writePolicy('[release]');
});
afterEach(() => rmSync(root, { recursive: true }));

const component = (directory: string) => join(directory, 'loopback.wasm');

function place(directory: string, bytes: Uint8Array, pin = digestOf(bytes)): void {
  writeFileSync(component(directory), bytes);
  const index = { plugins: { loopback: { file: 'loopback.wasm', digest: pin } } };
  writeFileSync(join(directory, indexFile), JSON.stringify(index));
}

function writePolicy(signers: string, more = '', known = ''): void {
  const grants =
    '[sandbox, link.read: { door: sandbox }, address.read: { door: sandbox }, link.change: { door: sandbox, link: lo, set: { up: true } }]';
  writeFileSync(
    policy,
    `version: 1\nsigners:\n  release: release\n${known}plugins:\n  loopback:\n    signers: ${signers}\n${more}    grants: ${grants}\n`,
  );
}

const files = () => new PluginFiles(release, added);
const established = () => establishTrust(policy, files());
const problems = () => established().verdicts[0]?.problems ?? [];

describe('a plugin that is looked for', () => {
  test('comes with the bytes that were hashed, its manifest and its rights', () => {
    const plugin = new TrustedPlugins(files(), established).find('loopback');
    expect(plugin).toMatchObject({
      ...{ type: 'loopback', digest: digestOf(good), manifest: { name: 'loopback', version: '0.1.0' } },
      rights: { mode: 'enforce', fullPool: 'ready', limits: {}, signers: ['release'] },
    });
    expect(good.equals(plugin?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  test('is none where there is none of that type, whatever objects have', () => {
    const plugins = new TrustedPlugins(files(), established);
    for (const type of ['bridge', 'constructor', '__proto__', '', '../loopback'])
      expect(plugins.find(type)).toBeUndefined();
    expect(plugins.types).toEqual(['loopback']);
  });

  test('is the one that was read, where the file is another by the time that it is judged', () => {
    const state = established();
    const plugins = new TrustedPlugins(files(), () => {
      writeFileSync(component(release), versioned('6.6.6'));
      return state;
    });
    expect(plugins.find('loopback')).toMatchObject({ digest: digestOf(good), manifest: { version: '0.1.0' } });
    expect(() => plugins.find('loopback')).toThrow(PluginError);
  });

  test('does not run where it was exchanged since it was judged, though the state was read before', () => {
    const state = established();
    place(release, versioned('6.6.6'));
    expect(() => new TrustedPlugins(files(), () => state).find('loopback')).toThrow(
      /plugin loopback may not run: .*it was changed after it had been verified$/,
    );
  });

  test('does not run under the verdict of another type', () => {
    const { verdicts, ...rest } = established();
    const state: TrustState = { ...rest, verdicts: verdicts.map((one) => ({ ...one, type: 'bridge' })) };
    expect(() => new TrustedPlugins(files(), () => state).find('loopback')).toThrow(PluginError);
  });

  test('does not run where nothing can be trusted', () => {
    const plugins = new TrustedPlugins(files(), () => {
      throw new PluginError('no plugin may run: so it is');
    });
    expect(() => plugins.find('loopback')).toThrow('no plugin may run: so it is');
    expect(plugins.find('bridge')).toBeUndefined();
  });

  test('that was added takes the place of the release’s, and is not vouched for by the release', () => {
    place(added, versioned('0.2.0'), digestOf(good));
    expect(problems()).toEqual([expect.stringMatching(/release: it is not part of the release$/)]);
    place(added, good);
    expect(problems()).toEqual([expect.stringMatching(/release: it is not part of the release$/)]);
  });

  test('cannot be an index with a way out of its directory: a link is none, and what is there has to be vouched for', () => {
    writeFileSync(join(root, 'outside.wasm'), versioned('0.2.0'));
    const index = { plugins: { loopback: { file: '../outside.wasm', digest: digestOf(good) } } };
    writeFileSync(join(release, indexFile), JSON.stringify(index));
    expect(problems()).toEqual([expect.stringMatching(/the release pins sha256:/)]);
    renameSync(component(release), join(root, 'moved.wasm'));
    symlinkSync(join(root, 'moved.wasm'), component(release));
    place(added, good);
    writeFileSync(join(added, indexFile), JSON.stringify({ plugins: {} }));
    writeFileSync(join(release, indexFile), JSON.stringify({ plugins: { loopback: { file: 'loopback.wasm' } } }));
    expect(problems()).toEqual([expect.stringMatching(/there is a symbolic link on the way/)]);
  });
});

describe('what was found', () => {
  const seal = new Seal(Buffer.alloc(32, 1));
  const state = () => readTrustState(join(root, 'trust'), seal);
  const write = () => writeTrustState(join(root, 'trust'), seal, established());

  test.each<[string, () => void]>([
    ['the policy', () => writePolicy('[release]', '    threshold: 1\n')],
    ['a component', () => place(release, versioned('0.2.0'))],
    ['an index', () => writeFileSync(join(added, indexFile), '{"plugins":{}}')],
    ['a signature more', () => writeFileSync(`${component(release)}.sigstore.json`, '{}')],
    ['a component less', () => rmSync(component(release))],
  ])('is out of date with %s', (_, change) => {
    write();
    expect(state()?.verdicts).toHaveLength(1);
    change();
    expect(state()).toBeUndefined();
  });

  test('is worth nothing under another seal, or as another kind of thing', () => {
    write();
    expect(readTrustState(join(root, 'trust'), new Seal(Buffer.alloc(32, 2)))).toBeUndefined();
    expect(readTrustState(join(root, 'trust'), seal.for('bulkhead trust state 1'))).toBeUndefined();
    const [mac, body = ''] = readFileSync(join(root, 'trust'), 'utf8').split('\n');
    writeFileSync(join(root, 'trust'), `${mac}\n${body} `);
    expect(state()).toBeUndefined();
    writeFileSync(join(root, 'trust'), `${seal.over([body])}\n${body}`);
    expect(state()).toBeUndefined();
  });

  test('a secret is made once, for its owner alone', () => {
    const path = join(root, 'var/secret');
    const first = openSeal(path);
    expect(openSeal(path).over(['x'])).toBe(first.over(['x']));
    expect(first.over(['ab', 'c'])).not.toBe(first.over(['a', 'bc']));
    expect(first.matches(first.over(['x']).slice(1), ['x'])).toBe(false);
  });
});

describe('who vouches', () => {
  function sign(...names: readonly string[]): void {
    for (const name of names) {
      const { publicKey, privateKey } = generateKeyPair('ed25519');
      writeFileSync(join(root, `${name}.pub`), publicKey);
      writeFileSync(`${component(release)}.${name}.sigstore.json`, signBundle(good, readPrivateKey(privateKey)));
    }
  }
  const keys = (...names: readonly string[]) => names.map((name) => `  ${name}: { key: ${name}.pub }\n`).join('');
  const signers = () => established().verdicts[0]?.signers;

  test('each signer counts once, and those of other plugins do not', () => {
    sign('a', 'b');
    writePolicy('[a, a, b, release]', '    threshold: 3\n', keys('a', 'b'));
    expect([problems(), signers()]).toEqual([[], ['a', 'b', 'release']]);
    rmSync(`${component(release)}.b.sigstore.json`);
    expect(problems()).toEqual([expect.stringMatching(/only a, release vouches for it and 3 have to .*: b: /)]);
    writePolicy('[b]', '', keys('a', 'b'));
    expect(problems()).toEqual([expect.stringMatching(/nobody whom the policy trusts vouches for it .*: b: /)]);
  });

  test('a digest that is pinned counts, in any place', () => {
    place(added, versioned('0.2.0'));
    writePolicy('[reviewed]', '', `  reviewed: { digests: ["sha256:${digestOf(versioned('0.2.0'))}"] }\n`);
    expect([problems(), signers()]).toEqual([[], ['reviewed']]);
    place(added, versioned('0.2.1'));
    expect(problems()).toEqual([expect.stringMatching(/its digest is not among those pinned$/)]);
  });

  // One holder of one key is not as good as two.
  test('one key under two names counts once', () => {
    sign('a');
    writeFileSync(join(root, 'again.pub'), readFileSync(join(root, 'a.pub')));
    writePolicy('[a, again]', '    threshold: 2\n', keys('a', 'again'));
    let accepted = false;
    try {
      accepted = problems().length === 0;
    } catch {
      // Refused with the policy: as good.
    }
    expect(accepted).toBe(false);
  });
});

describe('what speaks against a component', () => {
  const judged = (bytes: Uint8Array, more = ''): readonly string[] => {
    writePolicy('[release]', more);
    const one: Candidate = { type: 'loopback', path: '/x.wasm', bytes, digest: digestOf(bytes), pin: digestOf(bytes) };
    return judge(one, [], judgingPolicy(policy)).problems;
  };

  test.each<[string, string, readonly unknown[]]>([
    ['0.0.9', '    minimumVersion: 0.1.0\n', ['it is version 0.0.9, and the policy wants 0.1.0 at least']],
    ['0.1.0', '    minimumVersion: 0.1.0\n', []],
    ['0.9.0', '    minimumVersion: 0.10.0\n', ['it is version 0.9.0, and the policy wants 0.10.0 at least']],
    ['1.0.0', '    minimumVersion: 0.99.99\n', []],
    ['9.0.0', '    minimumVersion: 10.0.0\n', ['it is version 9.0.0, and the policy wants 10.0.0 at least']],
    ['x.0.0', '', [expect.stringMatching(/^its manifest: version: /)]],
  ])('version %s under %s', (version, more, told) => {
    expect(judged(versioned(version), more)).toEqual(told);
  });

  test('that it is denied, before anything of it is looked at', () => {
    writeFileSync(policy, `${readFileSync(policy, 'utf8')}deny: ["sha256:${digestOf(Buffer.from('x'))}"]\n`);
    const bytes = Buffer.from('x');
    const one: Candidate = { type: 'loopback', path: '/x.wasm', bytes, digest: digestOf(bytes), pin: undefined };
    expect(judge(one, ['no bundle'], judgingPolicy(policy)).problems).toEqual([
      `/x.wasm (sha256:${digestOf(bytes)}) is on the deny list`,
    ]);
  });

  test('is all told at once', () => {
    const text = good.toString('latin1').replace('"types":["loopback"]', '"types":["loopbock"]');
    expect(judged(Buffer.from(text, 'latin1'), '    minimumVersion: 0.2.0\n')).toEqual([
      'its manifest does not say that it is a plugin for type loopback',
      'it is version 0.1.0, and the policy wants 0.2.0 at least',
    ]);
  });

  test('a manifest that asks for less than is imported', () => {
    const text = good.toString('latin1').replace('"bulkhead:net/addresses":', '"bulkhead:net/addrosses":');
    expect(judged(Buffer.from(text, 'latin1'))).toEqual([
      'it imports bulkhead:net/addresses, which its manifest does not ask for',
    ]);
  });

  test('bytes that are no component', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('x'), good.subarray(0, 100), good.subarray(0, -3)])
      expect(judged(bytes)).toEqual([expect.stringMatching(/is not a component that can run here|manifest/)]);
    expect(() => readManifest({ bytes: good.subarray(0, -3), path: '/x' })).toThrow(PluginError);
  });

  test('a file that is larger than any plugin is not read', () => {
    writeFileSync(component(release), Buffer.alloc(9e6));
    expect(() => candidate('loopback', component(release), undefined)).toThrow(
      /has 9000000 bytes, and may have 8388608/,
    );
  });

  test('rules for a type of the policy alone: what all objects have is none', () => {
    const compiled = judgingPolicy(policy);
    const bare: CompiledPolicy = { ...compiled.policy, plugins: {} };
    for (const type of ['loopback', 'constructor', 'toString']) {
      const one: Candidate = { type, path: '/x.wasm', bytes: good, digest: digestOf(good), pin: digestOf(good) };
      expect(judge(one, [], { ...compiled, policy: bare }).problems).toEqual([
        `${policy} says nothing of plugins for type ${type}`,
      ]);
    }
  });
});
