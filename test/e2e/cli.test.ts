import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../host/audit/entry.ts';
import { AuditLog } from '../../host/audit/log.ts';
import { install } from '../../host/cli/install/install.ts';
import { type Layout, layoutOf } from '../../host/cli/layout.ts';
import { auditPurpose } from '../../host/cli/node.ts';
import { projectVersion } from '../../host/cli/project.ts';
import { customSection } from '../../host/component/decode.ts';
import { policyJsonSchema } from '../../host/policy/schema.ts';
import { manifestSection } from '../../host/trust/manifest.ts';
import { digestOf, indexFile } from '../../host/trust/plugin-files.ts';
import { openSeal } from '../../host/trust/seal.ts';
import { bulkhead } from './installation.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-cli-'));
});
afterEach(() => {
  delete process.env.BULKHEAD_PASSPHRASE;
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const ok = (...args: readonly string[]) => {
  const { status, stdout, stderr } = bulkhead(...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};
/** Of a command that fails: what is on stderr, which is one line for each thing to mend, and no stack. */
const refused = (...args: readonly string[]) => {
  const { status, stdout, stderr } = bulkhead(...args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).not.toMatch(/\n\s+at |node:internal/);
  return stderr.trimEnd();
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('keygen', () => {
  test.each(['ecdsa-p256', 'ed25519'])('makes a pair of type %s, the private one for its owner alone', (type) => {
    const told = ok('keygen', at('team'), '--type', type);
    expect(told).toContain(`${at('team.key')}  to sign with (not encrypted: set BULKHEAD_PASSPHRASE for a passphrase)`);
    expect(told).toMatch(/team\.pub {2}for policies {2}sha256 [0-9a-f]{64}\n$/);
    expect(statSync(at('team.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at('team.pub'), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(readFileSync(at('team.key'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  test('encrypts it with a passphrase of the environment, which signing needs then', () => {
    process.env.BULKHEAD_PASSPHRASE = 'secret';
    expect(ok('keygen', at('team'))).not.toMatch(/not encrypted|secret/);
    expect(readFileSync(at('team.key'), 'utf8')).toMatch(/ENCRYPTED/);
    writeFileSync(at('x.wasm'), 'x');
    ok('sign', at('x.wasm'), '--key', at('team.key'));
    process.env.BULKHEAD_PASSPHRASE = 'wrong';
    expect(refused('sign', at('x.wasm'), '--key', at('team.key'))).toMatch(/^bulkhead: .*passphrase/);
    delete process.env.BULKHEAD_PASSPHRASE;
    expect(refused('sign', at('x.wasm'), '--key', at('team.key'))).toMatch(/^bulkhead: .*needs a passphrase$/);
  });

  test('takes no other types, and does not write over what is there', () => {
    expect(refused('keygen', at('a'), '--type', 'rsa')).toBe(
      'bulkhead: there is no key type rsa: ecdsa-p256 or ed25519',
    );
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(at('a.pub'), 'mine');
    expect(refused('keygen', at('a'))).toBe(`bulkhead: ${at('a.pub')} is there already`);
    expect(readdirSync(directory)).toEqual(['a.pub']);
    expect(readFileSync(at('a.pub'), 'utf8')).toBe('mine');
  });
});

describe('sign and verify', () => {
  const written = (text: string) => {
    writeFileSync(at('written'), text);
    return at('written');
  };
  /** The bundle of other bytes. */
  const signatureOf = (text: string) => {
    ok('sign', written(text), '--key', at('team.key'));
    return at('written.sigstore.json');
  };

  beforeEach(() => {
    for (const name of ['team', 'other']) ok('keygen', at(name));
    writeFileSync(at('x.wasm'), 'bytes');
  });

  test('the bundle lies beside the file, or where it is wanted', () => {
    const told = ok('sign', at('x.wasm'), '--key', at('team.key'));
    const [, id] = /^.*x\.wasm\.sigstore\.json {2}signed with key sha256 ([0-9a-f]{64})\n$/.exec(told) ?? [];
    expect(ok('verify', at('x.wasm'), '--key', at('team.pub'))).toBe(`${at('x.wasm')} is signed by key sha256 ${id}\n`);
    expect(JSON.parse(ok('verify', at('x.wasm'), '--key', at('team.pub'), '--json'))).toEqual({
      signer: { kind: 'key', id },
      content: { kind: 'message' },
    });
    ok('sign', at('x.wasm'), '--key', at('other.key'), '--bundle', at('elsewhere.json'));
    ok('verify', at('x.wasm'), '--key', at('other.pub'), '--bundle', at('elsewhere.json'));
    expect(JSON.parse(readFileSync(at('elsewhere.json'), 'utf8')).mediaType).toBe(
      'application/vnd.dev.sigstore.bundle.v0.3+json',
    );
  });

  test.each<[string, () => readonly string[], RegExp]>([
    ['another key', () => ['--key', at('other.pub')], /not by this signer/],
    ['other bytes', () => ['--key', at('team.pub'), '--bundle', signatureOf('other')], /the bundle is for an artifact/],
    ['a private key', () => ['--key', at('team.key')], /PUBLIC KEY is expected/],
    ['no key', () => [], /say whom to trust: --key, or --identity with --issuer and --trusted-root/],
    ['half an identity', () => ['--identity', 'x', '--issuer', 'y'], /say whom to trust/],
    ['a key and an identity', () => ['--key', at('team.pub'), '--identity', 'x'], /say whom to trust/],
    ['no such bundle', () => ['--key', at('team.pub'), '--bundle', at('nothing')], /no such file/],
    ['a bundle that is none', () => ['--key', at('team.pub'), '--bundle', written('{}')], /bundle/],
    ['a bundle that is no JSON', () => ['--key', at('team.pub'), '--bundle', written('\u001b[2J')], /bundle/],
  ])('verify ends with 1 for %s', (_, options, message) => {
    ok('sign', at('x.wasm'), '--key', at('team.key'));
    const told = refused('verify', at('x.wasm'), ...options());
    expect(told).toMatch(/^bulkhead: /);
    expect(told).toMatch(message);
    expect(told).not.toMatch(controls);
  });

  test('a file that is not there is one line', () => {
    expect(refused('sign', at('nothing'), '--key', at('team.key'))).toMatch(/^bulkhead: ENOENT[^\n]*nothing'$/);
    expect(refused('sign', at('x.wasm'), '--key', at('nothing'))).toMatch(/^bulkhead: ENOENT[^\n]*nothing'$/);
    expect(refused('sign', at('x.wasm'), '--key', at('team.pub'))).toMatch(/^bulkhead: .*PEM|^bulkhead: .*key/);
    expect(refused('sign', at('x.wasm'))).toMatch(/required option '--key <file>'/);
  });
});

/** An installation below the test's directory. */
class Installed {
  readonly root = at('root');
  readonly binaries = at('bin');
  readonly layout: Layout = layoutOf(this.root, projectVersion());

  constructor() {
    install({ binDirectory: this.binaries, root: this.root });
  }

  component(type = 'loopback'): Buffer {
    return readFileSync(join(this.layout.plugins, `${type}.wasm`));
  }

  /** A component with this manifest, which is not longer than that of loopback. */
  withManifest(manifest: unknown): Buffer {
    const bytes = this.component();
    const section = Buffer.from(customSection(bytes, manifestSection) ?? []);
    const text = Buffer.from(JSON.stringify(manifest));
    expect(text.length).toBeLessThanOrEqual(section.length);
    Buffer.concat([text, Buffer.alloc(section.length - text.length, ' ')]).copy(bytes, bytes.indexOf(section));
    return bytes;
  }

  get manifest() {
    return JSON.parse(new TextDecoder().decode(customSection(this.component(), manifestSection)));
  }

  /** A pair of keys, the public one for the policy, which lets it vouch for plugins of a type. */
  trust(name: string, type: string, grants: readonly string[] = []): void {
    ok('keygen', at(name));
    writeFileSync(join(dirname(this.layout.policy), `${name}.pub`), readFileSync(at(`${name}.pub`)));
    const items = grants.map((one) => `      ${one}\n`).join('');
    const section = `  ${type}:\n    signers: [${name}]\n    grants:${items === '' ? ' []\n' : `\n${items}`}`;
    this.edit((text) =>
      text
        .replace(/^signers:\n/m, `signers:\n  ${name}: { key: ${name}.pub }\n`)
        .replace(/^plugins:\n/m, `plugins:\n${section}`),
    );
  }

  edit(change: (text: string) => string): void {
    writeFileSync(this.layout.policy, change(readFileSync(this.layout.policy, 'utf8')));
  }

  plant(bytes: Buffer, type: string): void {
    mkdirSync(this.layout.addedPlugins, { recursive: true });
    writeFileSync(join(this.layout.addedPlugins, 'x.wasm'), bytes);
    const index = { plugins: { [type]: { file: 'x.wasm', digest: digestOf(bytes) } } };
    writeFileSync(join(this.layout.addedPlugins, indexFile), JSON.stringify(index));
  }

  log(...entries: readonly Partial<AuditEntry>[]): void {
    const seal = openSeal(this.layout.secret).for(auditPurpose);
    const log = new AuditLog({ directory: this.layout.audit, seal, lostFile: this.layout.auditLost });
    for (const entry of entries) expect(log.append({ ...plainEntry, ...entry })).toBe(true);
  }

  ok(...args: readonly string[]): string {
    return ok(...args, '--root', this.root);
  }

  json(...args: readonly string[]) {
    return JSON.parse(this.ok(...args, '--json'));
  }

  refused(...args: readonly string[]): string {
    return refused(...args, '--root', this.root);
  }
}

const plainEntry: AuditEntry = {
  ...{ time: '2126-01-02T03:04:05.678Z', correlation: '00'.repeat(8), verb: 'ADD', type: 'bridge', network: 'pods' },
  ...{ containerId: 'c1', interfaceName: 'eth0', outcome: { ok: true }, milliseconds: 12.34 },
  plugin: { version: '1.2.3', digest: 'ab'.repeat(32), signers: ['release'] },
  operations: [{ plugin: 'bridge', access: { kind: 'host' }, decision: 'allowed', line: 1 }],
  configuration: { sha256: 'cd'.repeat(32), fields: {} },
};

/** What a terminal would obey, in every text that a manifest has. */
const nasty = (text: string) => `${text}\u001b[2J\u0007\u009b1m\u202e\n`;

describe('inspect', () => {
  test('tells what a component is, what it asks for and why, and what the policy says', () => {
    const installed = new Installed();
    writeFileSync(at('x.wasm'), installed.component());
    const told = installed.ok('inspect', at('x.wasm'));
    const digest = digestOf(installed.component());
    expect(told).toMatch(/^loopback 0\.1\.0 {2}Sets the container's loopback interface up\n {2}types {3}loopback\n/);
    expect(told).toContain(`  sha256  ${digest}  `);
    expect(told).toMatch(/\n {4}bulkhead:net\/sandbox@0\.1\.0 +the loopback interface is the container's\n/);
    expect(told).toMatch(
      /as loopback: may not run\n {4}.*nobody whom the policy trusts .*it is not part of the release/,
    );
    expect(told).not.toMatch(controls);
    expect(installed.json('inspect', at('x.wasm'))).toMatchObject({
      ...{ name: 'loopback', version: '0.1.0', types: ['loopback'], digest, size: installed.component().length },
      imports: expect.arrayContaining([
        { id: 'bulkhead:net/sandbox@0.1.0', reason: "the loopback interface is the container's" },
      ]),
      verdicts: [{ type: 'loopback', digest, signers: [], problems: [expect.any(String)] }],
    });
  });

  test('says who signed it, where the policy trusts them', () => {
    const installed = new Installed();
    installed.trust('team', 'other', [
      '- sandbox',
      '- link.read: { door: sandbox }',
      '- address.read: { door: sandbox }',
      '- link.change: { door: sandbox, link: lo, set: { up: true } }',
    ]);
    writeFileSync(at('x.wasm'), installed.withManifest({ ...installed.manifest, config: {}, types: ['other'] }));
    ok('sign', at('x.wasm'), '--key', at('team.key'));
    expect(installed.ok('inspect', at('x.wasm'))).toMatch(/as other: may run, signed by team\n$/);
    rmSync(installed.layout.policy);
    expect(installed.json('inspect', at('x.wasm')).verdicts).toEqual([]);
    writeFileSync(installed.layout.policy, 'broken');
    expect(installed.json('inspect', at('x.wasm')).verdicts).toEqual([
      expect.objectContaining({ problems: [expect.stringMatching(/policy\.yaml: line 1: /)] }),
    ]);
  });

  test('shows nothing that a terminal would obey', () => {
    const installed = new Installed();
    const { reasons } = installed.manifest;
    const why = Object.fromEntries(Object.keys(reasons).map((id) => [id, nasty('why')]));
    const manifest = {
      name: nasty('n'),
      version: nasty('1'),
      types: [nasty('t')],
      description: nasty('d'),
      reasons: why,
    };
    const bytes = installed.withManifest(manifest).toString('latin1');
    const imported = bytes.replaceAll('bulkhead:net/addresses@', 'bulkhead:net/add\u001b[2Jes@');
    writeFileSync(at('x.wasm'), Buffer.from(imported, 'latin1'));
    expect(installed.refused('inspect', at('x.wasm'))).not.toMatch(controls);
    const { name, version, types } = installed.manifest;
    const fitting = installed.withManifest({ ...manifest, name, version, types }).toString('latin1');
    writeFileSync(
      at('x.wasm'),
      Buffer.from(fitting.replaceAll('bulkhead:net/addresses@', 'bulkhead:net/add\u001b[2Jes@'), 'latin1'),
    );
    const told = installed.ok('inspect', at('x.wasm'));
    expect(told).not.toMatch(controls);
    expect(told).toContain('d\\x1b[2J\\x07\\x9b1m\\u{202e}\\n');
    expect(told).toContain('bulkhead:net/add\\x1b[2Jes@0.1.0');
  });

  test.each<[string, (installed: Installed) => Buffer, RegExp]>([
    ['text', () => Buffer.from('hello'), /^bulkhead: .*x\.wasm cannot be read: /],
    ['nothing', () => Buffer.alloc(0), /^bulkhead: .*x\.wasm cannot be read: /],
    [
      'half a component',
      (installed) => installed.component().subarray(0, 9999),
      /^bulkhead: .*x\.wasm cannot be read: /,
    ],
    ['too large', () => Buffer.alloc(9e6), /^bulkhead: cannot read plugin .* has 9000000 bytes, and may have 8388608$/],
  ])('refuses %s with one line', (_, make, message) => {
    const installed = new Installed();
    writeFileSync(at('x.wasm'), make(installed));
    expect(installed.refused('inspect', at('x.wasm'))).toMatch(message);
  });

  test.each<[string, (manifest: object) => unknown]>([
    ['{}', () => ({})],
    ['null', () => null],
    ['a manifest without name', (manifest) => ({ ...manifest, name: undefined })],
    ['types that are none', (manifest) => ({ ...manifest, types: 5 })],
    ['types that are no texts', (manifest) => ({ ...manifest, types: [5] })],
    ['reasons that are no texts', (manifest) => ({ ...manifest, reasons: { 'bulkhead:net/sandbox': {} } })],
  ])('%s is one line', (_, change) => {
    const installed = new Installed();
    writeFileSync(at('x.wasm'), installed.withManifest(change({ ...installed.manifest, config: undefined })));
    const { stderr } = bulkhead('inspect', at('x.wasm'), '--root', installed.root);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('plugin', () => {
  test('add, list, remove', () => {
    const installed = new Installed();
    const bytes = installed.withManifest({ ...installed.manifest, config: {}, name: 'mine', types: ['mine', 'also'] });
    writeFileSync(at('x.wasm'), bytes);
    installed.trust('team', 'mine', ['- link.read: { door: sandbox }']);
    ok('sign', at('x.wasm'), '--key', at('team.key'));
    const told = installed.refused('plugin', 'add', at('x.wasm'));
    expect(told).toMatch(/^bulkhead: it imports bulkhead:net\/sandbox, which it is not granted; add to plugins\.mine/);
    expect(told).toMatch(/\n {10}.*says nothing of plugins for type also$/);
    expect(existsSync(installed.layout.addedPlugins)).toBe(false);
    expect(existsSync(join(installed.binaries, 'mine'))).toBe(false);

    const grants =
      '[sandbox, link.read: { door: sandbox }, address.read: { door: sandbox }, link.remove: { door: sandbox, link: lo }]';
    installed.edit((text) =>
      text
        .replace(/^ {2}mine:\n(( {4}.*)\n)+/m, '')
        .replace(
          /^plugins:\n/m,
          `plugins:\n${['mine', 'also'].map((one) => `  ${one}: { signers: [team], grants: ${grants} }\n`).join('')}`,
        ),
    );
    expect(installed.ok('plugin', 'add', at('x.wasm'))).toBe(
      `mine (sha256 ${digestOf(bytes)}) is added for mine, also, in ${installed.binaries}\n`,
    );
    expect(readdirSync(installed.layout.addedPlugins).sort()).toEqual([
      `mine-${digestOf(bytes).slice(0, 16)}.wasm`,
      `mine-${digestOf(bytes).slice(0, 16)}.wasm.sigstore.json`,
      indexFile,
    ]);
    for (const type of ['mine', 'also', 'bridge']) expect(existsSync(join(installed.binaries, type))).toBe(true);
    const list = installed.ok('plugin', 'list');
    expect(list).toMatch(new RegExp(`^mine +${digestOf(bytes).slice(0, 12)} {2}may run \\(team\\)$`, 'm'));
    expect(list).toMatch(/^bridge +[0-9a-f]{12} {2}may run \(release\)$/m);
    expect(installed.json('plugin', 'list')).toContainEqual({
      ...{ type: 'also', digest: digestOf(bytes), signers: ['team'], problems: [] },
    });
    expect(installed.ok('plugins')).toMatch(/^mine 0\.1\.0 /m);
    // Once more is the same again.
    installed.ok('plugin', 'add', at('x.wasm'));
    expect(installed.ok('plugin', 'list')).toBe(list);

    expect(installed.ok('plugin', 'remove', 'also')).toMatch(/^mine, also: removed; executables stay in /);
    expect(installed.json('plugin', 'list').map(({ type }: { type: string }) => type)).not.toContain('mine');
    expect(readdirSync(installed.layout.addedPlugins)).toEqual([indexFile]);
    expect(installed.refused('plugin', 'remove', 'also')).toBe('bulkhead: no plugin for type also was added');
    expect(installed.refused('plugin', 'remove', 'bridge')).toBe('bulkhead: no plugin for type bridge was added');
    expect(installed.refused('plugin', 'remove', 'constructor')).toBe(
      'bulkhead: no plugin for type constructor was added',
    );
  });

  test('list says why a plugin may not run, and shows nothing that a terminal would obey', () => {
    const installed = new Installed();
    installed.plant(
      installed.withManifest({ name: 'x', version: nasty('1'), types: ['x'], description: nasty('d') }),
      nasty('evil'),
    );
    for (const command of [['plugin', 'list'], ['plugins']]) {
      const told = installed.ok(...command);
      expect(told).not.toMatch(controls);
      expect(told).toContain('evil\\x1b[2J');
    }
    expect(installed.ok('plugin', 'list')).toMatch(/says nothing of plugins for type evil/);
  });
});

describe('policy', () => {
  test('check says what is effective, and what is granted and never asked for', () => {
    const installed = new Installed();
    const told = installed.ok('policy', 'check');
    expect(told).toMatch(/policy\.yaml: mode enforce, 0 components denied\n/);
    expect(told).toMatch(/^loopback {2}may run \(release\) {2}4 grants$/m);
    installed.edit((text) => text.replace('  loopback:\n    signers: [release]\n    grants:\n', '$&      - log\n'));
    expect(installed.ok('policy', 'check')).toMatch(/\n {2}line \d+: log is granted, and never asked for\n/);
    const { mode, plugins } = installed.json('policy', 'check');
    const loopback = plugins.find(({ type }: { type: string }) => type === 'loopback');
    expect(mode).toBe('enforce');
    expect(loopback).toMatchObject({ signers: ['release'], problems: [], denied: [] });
    expect(loopback.grants).toContainEqual({ allow: 'log', line: expect.any(Number), asked: false });
    expect(loopback.grants).toContainEqual({ allow: 'sandbox', line: expect.any(Number), asked: true });
  });

  test('check ends with 1 where a plugin may not run, and says why', () => {
    const installed = new Installed();
    installed.edit((text) => `${text}\ndeny: ["sha256:${digestOf(installed.component())}"]\n`);
    const { status, stdout, stderr } = bulkhead('policy', 'check', '--root', installed.root);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/1 components denied\nloopback {2}may not run .*\n {2}.* is on the deny list\n/);
    const json = bulkhead('policy', 'check', '--json', '--root', installed.root);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout).plugins[0].problems).toEqual([expect.stringMatching(/is on the deny list$/)]);
  });

  test('check says what is denied when it is called', () => {
    const installed = new Installed();
    installed.edit((text) =>
      text
        .replace('  loopback:\n', '  loopback:\n    missing: deny-at-call\n')
        .replace(/( {2}loopback:[\s\S]*?) {6}- address\.read: .*\n/, '$1'),
    );
    expect(installed.ok('policy', 'check')).toContain(
      '  imports bulkhead:net/addresses, of which nothing is granted: denied when it is called\n',
    );
  });

  test('check shows nothing that a terminal would obey', () => {
    const installed = new Installed();
    installed.plant(installed.component(), nasty('evil'));
    const { status, stdout } = bulkhead('policy', 'check', '--root', installed.root);
    expect(status).toBe(1);
    expect(stdout).not.toMatch(controls);
    installed.edit((text) => `${text}"\\e[2J": 1\n`);
    expect(installed.refused('policy', 'check')).not.toMatch(controls);
  });

  test.each(['check', 'apply'])('%s names all that is wrong with a policy, each in a line', (command) => {
    const installed = new Installed();
    installed.edit((text) => text.replace('mode: enforce', 'mode: maybe').concat('\ncolour: red\n'));
    const told = installed.refused('policy', command);
    expect(told.split('\n')).toEqual([
      `bulkhead: ${installed.layout.policy} cannot be used, and nothing is loaded:`,
      '  line 5: mode: invalid option: expected one of "enforce"|"audit"',
      expect.stringMatching(/^ {2}line \d+: colour: there is no such key$/),
    ]);
    installed.edit(() => 'version: 1\nsigners: {}\nplugins: {}\n');
    chmodSync(installed.layout.policy, 0o666);
    expect(installed.refused('policy', command)).toMatch(/policy\.yaml can be written by others$/);
  });

  test('apply makes it effective, and says for whom', () => {
    const installed = new Installed();
    installed.edit((text) => text.replace('mode: enforce', 'mode: audit'));
    expect(installed.ok('policy', 'apply')).toMatch(
      /policy\.yaml is applied: loopback, bridge, host-local.* may run\n$/,
    );
    expect(readFileSync(installed.layout.trust, 'utf8')).toContain('"mode":"audit"');
    installed.edit(() => 'version: 1\nsigners: {}\nplugins: {}\n');
    expect(installed.ok('policy', 'apply')).toMatch(/policy\.yaml is applied: no plugin may run\n$/);
  });

  test('schema is that of the policy, which `install` puts beside it', () => {
    const schema = JSON.parse(ok('policy', 'schema'));
    expect(schema).toEqual(policyJsonSchema());
    const installed = new Installed();
    const beside = join(dirname(installed.layout.policy), 'policy.schema.json');
    expect(JSON.parse(readFileSync(beside, 'utf8'))).toEqual(schema);
  });

  test('nothing is checked where nothing is installed', () => {
    for (const command of [
      ['policy', 'check'],
      ['policy', 'apply'],
      ['plugin', 'list'],
      ['audit', 'list'],
      ['explain'],
    ])
      expect(refused(...command, '--root', directory)).toBe(`bulkhead: nothing is installed below ${directory}`);
  });
});

describe('audit and explain', () => {
  const failed: Partial<AuditEntry> = {
    correlation: 'ff'.repeat(8),
    outcome: { ok: false, code: 11, message: 'no' },
    operations: [
      { plugin: 'bridge', access: { kind: 'host' }, decision: 'allowed', line: 4 },
      {
        ...{ plugin: 'bridge', access: { kind: 'link.read', door: 'host' }, decision: 'denied' },
        reason: 'the policy does not let it; it would with: - link.read: { door: host }',
      },
      { plugin: 'bridge', access: { kind: 'log' }, decision: 'would-deny', reason: 'no grant' },
    ],
  };

  test('list has a line for each call, or its JSON', () => {
    const installed = new Installed();
    expect(installed.ok('audit', 'list')).toBe('');
    installed.log({}, failed);
    expect(installed.ok('audit', 'list').split('\n')).toEqual([
      `2126-01-02T03:04:05.678Z ${'00'.repeat(8)} ADD bridge pods c1 eth0  ok  12.3 ms`,
      `2126-01-02T03:04:05.678Z ${'ff'.repeat(8)} ADD bridge pods c1 eth0  code 11  12.3 ms  2 denied`,
      '',
    ]);
    const lines = installed.ok('audit', 'list', '--json').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([plainEntry, { ...plainEntry, ...failed }]);
  });

  test('explain shows the last call, or that of a correlation, with the lines of the policy', () => {
    const installed = new Installed();
    expect(installed.refused('explain')).toMatch(/^bulkhead: there is no call .* in .*audit$/);
    installed.log(failed, {});
    expect(installed.ok('explain').split('\n').slice(1, 4)).toEqual([
      `  plugin  1.2.3  sha256 ${'ab'.repeat(32)}  release`,
      '  allowed  bridge  line 1  host',
      expect.stringMatching(/^ {6}# Who may provide plugins on this node/),
    ]);
    const told = installed.ok('explain', 'ff'.repeat(8)).split('\n');
    expect(told.slice(2)).toEqual([
      '  failed  11: no',
      '  allowed     bridge  line 4  host',
      '      version: 1',
      '  denied      bridge          link.read {"door":"host"}',
      '      the policy does not let it; it would with: - link.read: { door: host }',
      '  would-deny  bridge          log',
      '      no grant',
      '',
    ]);
    expect(installed.json('explain', 'ff'.repeat(8))).toEqual({ ...plainEntry, ...failed });
    expect(installed.refused('explain', 'ee'.repeat(8))).toMatch(/there is no call (ee)+ in /);
  });

  test('explain does not show a line of a policy that was changed since', () => {
    const installed = new Installed();
    installed.log({ ...failed, time: '2026-01-02T03:04:05.678Z' });
    installed.edit((text) => `# Something\n# more\n# at the beginning\n${text}`);
    expect(installed.ok('explain')).not.toContain('      # Who may provide plugins');
  });

  test('show nothing that a terminal would obey', () => {
    const installed = new Installed();
    installed.log({
      ...{ type: nasty('t'), network: nasty('n'), containerId: nasty('c'), interfaceName: nasty('i') },
      plugin: { version: nasty('1'), digest: 'ab'.repeat(32), signers: ['release'] },
      outcome: { ok: false, code: 7, message: nasty('no') },
      operations: [
        {
          ...{ plugin: 'bridge', decision: 'denied', reason: nasty('why') },
          access: { kind: 'resolver.read', path: nasty('/etc') },
        },
      ],
    });
    for (const command of [['audit', 'list'], ['explain']]) expect(installed.ok(...command)).not.toMatch(controls);
  });

  test('verify ends with 0 where nothing was changed, and with 1 where something was', () => {
    const installed = new Installed();
    expect(installed.ok('audit', 'verify')).toBe(
      `${installed.layout.audit}: 0 calls in no segments\n  nothing was changed or removed\n`,
    );
    installed.log({}, failed);
    mkdirSync(dirname(installed.layout.auditLost), { recursive: true });
    writeFileSync(installed.layout.auditLost, '...');
    expect(installed.ok('audit', 'verify')).toBe(
      `${installed.layout.audit}: 2 calls in segments 1 to 1; 3 calls could not be written down\n  nothing was changed or removed\n`,
    );
    expect(installed.json('audit', 'verify')).toEqual({ calls: 2, segments: [1], lost: 3, problems: [] });

    const segment = join(installed.layout.audit, '00000001.jsonl');
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"code":11', '"code":12'));
    const { status, stdout, stderr } = bulkhead('audit', 'verify', '--root', installed.root);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/\n {2}segment 1, line 3: the line was changed/);
    const json = bulkhead('audit', 'verify', '--json', '--root', installed.root);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout).problems).toContainEqual(expect.objectContaining({ segment: 1, line: 3 }));
  });
});

test.each([[], ['nonsense'], ['policy'], ['policy', 'nonsense'], ['sign'], ['audit', 'verify', '--colour']])(
  'what there is not is an error with a hint: %s',
  (...args) => {
    const { status, stderr } = bulkhead(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(/bulkhead --help|Usage: bulkhead/);
  },
);
