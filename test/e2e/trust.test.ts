import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../host/audit/entry.ts';
import { readAudit } from '../../host/audit/read.ts';
import { type Layout, layoutOf } from '../../host/cli/layout.ts';
import { built, projectVersion } from '../../host/cli/project.ts';
import { digestOf, indexFile } from '../../host/trust/plugin-files.ts';
import { generateKeyPair, readPrivateKey } from '../../host/trust/signature/private-key.ts';
import { signBundle } from '../../host/trust/signature/sign.ts';
import { bulkhead, type Ended, Machine, missing } from './installation.ts';

/** A machine with a network, and what an operator or an attacker does to it. */
class TrustingMachine extends Machine {
  readonly layout: Layout = layoutOf(this.root, projectVersion());

  configuration(more: object = {}) {
    return {
      cniVersion: '1.1.0',
      name: 'net',
      type: 'bridge',
      isDefaultGateway: true,
      ipam: { type: 'host-local', dataDir: this.leases, subnet: '10.1.0.0/24' },
      ...more,
    };
  }

  attach(id: string, netns: string, more: object = {}): Ended {
    return this.call('bridge', { verb: 'ADD', id, netns, ifname: 'eth0' }, this.configuration(more));
  }

  detach(id: string, netns: string, more: object = {}): Ended {
    return this.call('bridge', { verb: 'DEL', id, netns, ifname: 'eth0' }, this.configuration(more));
  }

  editPolicy(change: (text: string) => string): void {
    const before = readFileSync(this.layout.policy, 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(this.layout.policy, after);
  }

  deny(...digests: readonly string[]): void {
    this.editPolicy((text) => `${text}\ndeny: [${digests.map((one) => `"sha256:${one}"`).join(', ')}]\n`);
  }

  /** Lets the holders of these keys vouch for the bridge, and nobody else. */
  trust(names: readonly string[], threshold = 1): void {
    const signers = names.map((name) => `  ${name}: { key: ${name}.pub }\n`).join('');
    this.editPolicy((text) =>
      text
        .replace(/^signers:\n/m, `signers:\n${signers}`)
        .replace('  bridge:\n    signers: [release]', bridgeSignedBy(names, threshold)),
    );
  }

  key(name: string): (component: Uint8Array) => string {
    const pair = generateKeyPair('ed25519');
    writeFileSync(join(dirname(this.layout.policy), `${name}.pub`), pair.publicKey);
    const key = readPrivateKey(pair.privateKey);
    return (component) => signBundle(component, key);
  }

  component(type = 'bridge'): Buffer {
    return readFileSync(join(this.release, 'plugins', `${type}.wasm`));
  }

  /** Puts a component where those lie that were added, without asking anybody. */
  plant(component: Uint8Array, ...bundles: readonly string[]): void {
    const { addedPlugins } = this.layout;
    mkdirSync(addedPlugins, { recursive: true });
    writeFileSync(join(addedPlugins, 'bridge.wasm'), component);
    for (const [i, bundle] of bundles.entries())
      writeFileSync(join(addedPlugins, `bridge.wasm.${i}.sigstore.json`), bundle);
    const index = { plugins: { bridge: { file: 'bridge.wasm', digest: digestOf(component) } } };
    writeFileSync(join(addedPlugins, indexFile), JSON.stringify(index));
  }

  /** Adds a component as the operator does. */
  add(component: Uint8Array, ...bundles: readonly string[]) {
    const file = join(this.directory, 'bridge.wasm');
    for (const old of readdirSync(this.directory)) if (old.startsWith('bridge.wasm')) rmSync(join(this.directory, old));
    writeFileSync(file, component);
    for (const [i, bundle] of bundles.entries()) writeFileSync(`${file}.${i}.sigstore.json`, bundle);
    return bulkhead('plugin', 'add', file, '--root', this.root);
  }

  transpiled(type = 'bridge'): string {
    const format = join(this.layout.transpiled, readdirSync(this.layout.transpiled)[0] ?? '');
    return join(format, digestOf(this.component(type)));
  }

  audited(): AuditEntry[] {
    return [...readAudit(this.layout.audit)];
  }
}

function bridgeSignedBy(names: readonly string[], threshold: number): string {
  return `  bridge:\n    signers: [${names.join(', ')}]\n    threshold: ${threshold}`;
}

/** The same component of another version: its manifest has as many letters. */
function versioned(component: Buffer, version: string): Buffer {
  const text = component.toString('latin1');
  const changed = text.replace('"version":"0.1.0"', `"version":"${version}"`);
  expect(changed).not.toBe(text);
  return Buffer.from(changed, 'latin1');
}

/**
 * Attaches a container, changes something, and expects that no other is attached, with the reason; that nothing is left of trying; and
 * that the first is detached all the same.
 */
function expectRefusal(change: (machine: TrustingMachine) => void, message: RegExp): void {
  using machine = new TrustingMachine();
  const [first, second] = [machine.container(), machine.container()];
  expect(machine.attach('c1', first.path)).toMatchObject({ status: 0 });
  change(machine);
  const state = () => [machine.settled(), machine.settled(second.path), machine.leased('net'), machine.records()];
  const before = state();
  const refused = machine.attach('c2', second.path);
  expect(refused).toMatchObject({ status: 1, json: { code: 999, msg: expect.stringMatching(message) } });
  expect(`${refused.stdout}${refused.stderr}`).not.toMatch(/\n\s+at |node:internal/);
  expect(state()).toEqual(before);
  expectDetached(machine, 'c1', first.path);
}

function expectDetached(machine: TrustingMachine, id: string, netns: string, more: object = {}): void {
  const removed = machine.detach(id, netns, more);
  expect(removed).toMatchObject({ status: 0, stdout: '' });
  expect(removed.stderr).not.toMatch(/\n\s+at /);
  expect(machine.snapshot(netns).links.map(({ name }) => name)).toEqual(['lo']);
  expect(machine.snapshot().links.map(({ name }) => name)).toEqual(['cni0', 'lo']);
  expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
}

const file = (machine: TrustingMachine, name: RegExp) => {
  const found = readdirSync(machine.transpiled()).find((one) => name.test(one));
  return join(machine.transpiled(), found ?? 'nothing');
};
/** Machine code of a plugin. */
const compiled = (machine: TrustingMachine, type = 'bridge') => {
  const [format = 'nothing'] = readdirSync(machine.layout.compiled);
  return join(machine.layout.compiled, format, digestOf(machine.component(type)));
};
/** As a release that was built without cargo. */
const withoutWasmtime = (machine: TrustingMachine) => rmSync(machine.layout.wasmtime, { force: true });
const onV8 = (change: (machine: TrustingMachine) => void) => (machine: TrustingMachine) => {
  withoutWasmtime(machine);
  change(machine);
};
const flip = (path: string) => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
};

describe.skipIf(missing)('the bytes that were verified are those that run:', () => {
  test('a component that takes the place of another, with its size and its times', () => {
    expectRefusal((machine) => {
      const path = join(machine.release, 'plugins/bridge.wasm');
      const { atime, mtime } = statSync(path);
      machine.replacePlugin('bridge', (whole) => versioned(whole, '0.1.1'));
      utimesSync(path, atime, mtime);
    }, /the release pins sha256:/);
  });

  test('another plugin of the release in its place', () => {
    expectRefusal((machine) => {
      machine.replacePlugin('bridge', () => machine.component('host-local'));
    }, /the release pins sha256:/);
  });

  test('another plugin, which the release vouches for, under a type that it is none for', () => {
    expectRefusal((machine) => {
      machine.replacePlugin('bridge', () => machine.component('host-local'));
      machine.pinPlugin('bridge');
    }, /its manifest does not say that it is a plugin for type bridge/);
  });

  test.each<[string, (machine: TrustingMachine) => void]>([
    [
      'the component',
      (machine) => {
        const path = join(machine.release, 'plugins/bridge.wasm');
        renameSync(path, `${path}.moved`);
        symlinkSync(`${path}.moved`, path);
      },
    ],
    [
      'the directory of plugins',
      (machine) => {
        const path = join(machine.release, 'plugins');
        renameSync(path, `${path}.moved`);
        symlinkSync(`${path}.moved`, path);
      },
    ],
    [
      'a component that was added',
      (machine) => {
        machine.plant(machine.component());
        const path = join(machine.layout.addedPlugins, 'bridge.wasm');
        rmSync(path);
        symlinkSync(join(machine.release, 'plugins/bridge.wasm'), path);
      },
    ],
  ])('%s is a link', (_, change) => {
    expectRefusal(change, /there is a symbolic link on the way to .*bridge\.wasm/);
  });

  test.each<[string, (machine: TrustingMachine) => void]>([
    ['its glue was edited', (machine) => flip(file(machine, /^glue\.js$/))],
    ['its glue was added to', (machine) => writeFileSync(file(machine, /^glue\.js$/), '\n;0', { flag: 'a' })],
    ['its glue was cut', (machine) => truncateSync(file(machine, /^glue\.js$/), 100)],
    ['its glue is gone', (machine) => rmSync(file(machine, /^glue\.js$/))],
    ['V8’s cache was edited', (machine) => flip(file(machine, /^glue\.cache$/))],
    ['V8’s cache is gone', (machine) => rmSync(file(machine, /^glue\.cache$/))],
    ['a core module was edited', (machine) => flip(file(machine, /\.wasm$/))],
    ['a core module was cut', (machine) => truncateSync(file(machine, /\.wasm$/), 1000)],
    ['a core module is gone', (machine) => rmSync(file(machine, /\.wasm$/))],
    [
      'a core module has another name',
      (machine) => renameSync(file(machine, /\.wasm$/), join(machine.transpiled(), 'other.wasm')),
    ],
    [
      'there is a module more',
      (machine) => copyFileSync(file(machine, /\.wasm$/), join(machine.transpiled(), 'more.wasm')),
    ],
    ['the seal is gone', (machine) => rmSync(join(machine.transpiled(), 'seal'))],
    ['the seal is another', (machine) => writeFileSync(join(machine.transpiled(), 'seal'), '0'.repeat(64))],
    [
      'it is that of another plugin, whole',
      (machine) => {
        rmSync(machine.transpiled(), { recursive: true });
        cpSync(machine.transpiled('host-local'), machine.transpiled(), { recursive: true });
      },
    ],
    [
      'its glue is that of another plugin',
      (machine) => copyFileSync(join(machine.transpiled('host-local'), 'glue.js'), file(machine, /^glue\.js$/)),
    ],
  ])('what was made of the component for V8 at install: %s', (_, change) => {
    expectRefusal(
      onV8(change),
      /^plugin bridge: what was made of component [0-9a-f]{64} at install is not what it was/,
    );
  });

  test.skipIf(!existsSync(built.wasmtime)).each<[string, (machine: TrustingMachine) => void]>([
    ['it was edited', (machine) => flip(compiled(machine))],
    ['it was cut', (machine) => truncateSync(compiled(machine), 10_000)],
    ['it is empty', (machine) => truncateSync(compiled(machine))],
    ['it is that of another plugin', (machine) => copyFileSync(compiled(machine, 'host-local'), compiled(machine))],
  ])('what was made of the component for wasmtime at install: %s', (_, change) => {
    expectRefusal(change, /^plugin bridge: what was made of component [0-9a-f]{64} at install is not what it was/);
  });

  test('nothing was made of the component', () => {
    expectRefusal(
      onV8((machine) => rmSync(machine.transpiled(), { recursive: true })),
      /^plugin bridge: /,
    );
  });

  test('the same with the index of another root’s secret', () => {
    using other = new TrustingMachine();
    expectRefusal((machine) => {
      withoutWasmtime(machine);
      rmSync(machine.transpiled(), { recursive: true });
      cpSync(other.transpiled(), machine.transpiled(), { recursive: true });
    }, /is not what it was/);
  });
});

describe.skipIf(missing)('what the machine has found out', () => {
  const bytes = (machine: TrustingMachine) => readFileSync(machine.layout.trust, 'utf8');

  test.each<[string, (machine: TrustingMachine, valid: string) => void]>([
    [
      'edited',
      (machine, valid) => {
        const [seal, body = ''] = bytes(machine).split('\n');
        const state = JSON.parse(body);
        for (const verdict of state.verdicts) verdict.problems = [];
        expect(valid).toContain('"problems":[]');
        writeFileSync(machine.layout.trust, `${seal}\n${JSON.stringify(state)}`);
      },
    ],
    ['that of before', (machine, valid) => writeFileSync(machine.layout.trust, valid)],
    [
      'that of before, with the files’ new times',
      (machine, valid) => {
        const [seal] = valid.split('\n');
        const now = JSON.parse(bytes(machine).split('\n')[1] ?? '');
        const then = JSON.parse(valid.split('\n')[1] ?? '');
        writeFileSync(machine.layout.trust, `${seal}\n${JSON.stringify({ ...then, sources: now.sources })}`);
      },
    ],
    ['gone', (machine) => rmSync(machine.layout.trust)],
    ['empty', (machine) => writeFileSync(machine.layout.trust, '')],
    ['cut', (machine) => truncateSync(machine.layout.trust, 200)],
    ['unsealed', (machine) => writeFileSync(machine.layout.trust, bytes(machine).split('\n')[1] ?? '')],
    ['under a seal of nothing', (machine) => writeFileSync(machine.layout.trust, `\n${bytes(machine).split('\n')[1]}`)],
  ])('does not let a denied plugin run where it is %s', (_, change) => {
    expectRefusal((machine) => {
      const valid = bytes(machine);
      machine.deny(digestOf(machine.component()));
      expect(machine.attach('c9', machine.container().path)).toMatchObject({ status: 1 });
      expect(bytes(machine)).toContain('is on the deny list');
      change(machine, valid);
    }, /is on the deny list/);
  });

  test('is found again where it was thrown away, and plugins run', () => {
    using machine = new TrustingMachine();
    writeFileSync(machine.layout.trust, 'x\ny');
    expect(machine.attach('c1', machine.container().path)).toMatchObject({ status: 0 });
    expect(bytes(machine)).toContain('verdicts');
  });

  test('is not read through a link', () => {
    expectRefusal((machine) => {
      renameSync(machine.layout.trust, `${machine.layout.trust}.moved`);
      symlinkSync(`${machine.layout.trust}.moved`, machine.layout.trust);
    }, /no plugin may run: there is a symbolic link on the way to .*trust/);
  });

  test.each<[string, (machine: TrustingMachine) => void, RegExp]>([
    ['is another', (machine) => writeFileSync(machine.layout.secret, Buffer.alloc(32, 7)), /is not what it was/],
    ['is gone', (machine) => rmSync(machine.layout.secret), /is not what it was/],
    ['is empty', (machine) => truncateSync(machine.layout.secret), /no plugin may run: .*is not a secret of 32 bytes/],
    [
      'can be read by others',
      (machine) => chmodSync(machine.layout.secret, 0o644),
      /no plugin may run: .*secret can be read by others/,
    ],
    [
      'is somebody else’s',
      (machine) => chownSync(machine.layout.secret, 1000, 1000),
      /no plugin may run: .*secret belongs to user 1000, not to root/,
    ],
    [
      'lies where others can write',
      (machine) => chmodSync(dirname(machine.layout.secret), 0o777),
      /no plugin may run: .* can be written by others/,
    ],
  ])('is worth nothing where its secret %s', (_, change, message) => {
    expectRefusal(change, message);
  });

  test('is found again under a new secret, at the next installation', () => {
    using machine = new TrustingMachine();
    writeFileSync(machine.layout.secret, Buffer.alloc(32, 7));
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 1 });
    expect(bulkhead('install', '--bin-dir', machine.binaries, '--root', machine.root)).toMatchObject({ status: 0 });
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    expectDetached(machine, 'c1', path);
  });

  test('without its secret calls are not written down, and counted', () => {
    using machine = new TrustingMachine();
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    const secret = readFileSync(machine.layout.secret);
    truncateSync(machine.layout.secret);
    expect(machine.attach('c2', path)).toMatchObject({ status: 1 });
    expectDetached(machine, 'c1', path);
    writeFileSync(machine.layout.secret, secret);
    expect(bulkhead('audit', 'verify', '--root', machine.root)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/: 1 calls in .*; 2 calls could not be written down/),
    });
  });
});

describe.skipIf(missing)('at the next call it counts, without `policy apply`, that', () => {
  test.each<[string, (machine: TrustingMachine) => void, RegExp]>([
    [
      'the component is denied',
      (machine) => machine.deny(digestOf(machine.component())),
      /plugin bridge may not run: .* is on the deny list$/,
    ],
    [
      'its IPAM plugin is denied, too',
      (machine) => machine.deny(digestOf(machine.component()), digestOf(machine.component('host-local'))),
      /bridge.* is on the deny list$/,
    ],
    [
      'only its IPAM plugin is denied',
      (machine) => machine.deny(digestOf(machine.component('host-local'))),
      /plugin host-local may not run: .* is on the deny list/,
    ],
    [
      'its signer was removed',
      (machine) => {
        machine.key('team');
        machine.trust(['team']);
      },
      /nobody whom the policy trusts vouches for it \(line \d+ of the policy\): team: there is no signature beside it$/,
    ],
    [
      'the policy says nothing of it any more',
      (machine) => machine.editPolicy((text) => text.replace(/^ {2}bridge:\n(( {4}.*)?\n)+/m, '')),
      /policy\.yaml says nothing of plugins for type bridge$/,
    ],
    [
      'the policy wants a newer version',
      (machine) => machine.editPolicy((text) => text.replace('  bridge:\n', '  bridge:\n    minimumVersion: 0.10.0\n')),
      /it is version 0\.1\.0, and the policy wants 0\.10\.0 at least$/,
    ],
    [
      'an attestation is required',
      (machine) =>
        machine.editPolicy((text) =>
          text.replace('  bridge:\n', '  bridge:\n    attestations: [{ predicateType: x, signers: [release] }]\n'),
        ),
      /an attestation of type x is required: release does not sign$/,
    ],
    [
      'an import is not granted',
      (machine) => machine.editPolicy((text) => text.replace('\n      - host\n', '\n')),
      /it imports bulkhead:net\/host, which it is not granted; add to plugins\.bridge\.grants in .*policy\.yaml: - host$/,
    ],
    [
      'several imports are not granted, each with its line',
      (machine) =>
        machine.editPolicy((text) =>
          text
            .replace('\n      - host\n', '\n')
            .replace(/^ {6}- delegate: .*\n/m, '')
            .replace(/^ {6}- route\.(read|add):( \{.*\n|\n( {8}.*\n)+)/gm, ''),
        ),
      /bulkhead:net\/host, .*: - host; .*bulkhead:net\/routes, .*: - route\.add: .*; .*delegate, .*: - delegate: /,
    ],
    [
      'a grant is narrower',
      (machine) => machine.editPolicy((text) => text.replace('prefix: $leased', 'prefix: 10.99.0.0/16')),
      /denied: the policy does not let bridge add 10\.1\.0\.\d+\/24 .*; it would with: - address\.add: \{ door: sandbox, link: eth0, prefix: "10\.1\.0\.\d+\/24" \}/,
    ],
    [
      'the policy is broken',
      (machine) => machine.editPolicy((text) => `${text}\ncolour: red\n`),
      /^no plugin may run: .*policy\.yaml: line \d+: colour: there is no such key$/,
    ],
    [
      'it is no YAML',
      (machine) => writeFileSync(machine.layout.policy, 'version: 1\n\t- x: ['),
      /^no plugin may run: .*policy\.yaml: line 2: /,
    ],
    [
      'it has an alias of nothing',
      (machine) => machine.editPolicy((text) => `${text}\ndeny: *nothing\n`),
      /^no plugin may run: .*[Uu]nresolved alias/,
    ],
    ['it is gone', (machine) => rmSync(machine.layout.policy), /^no plugin may run: .*policy\.yaml does not exist$/],
    [
      'others can write it',
      (machine) => chmodSync(machine.layout.policy, 0o666),
      /^no plugin may run: .*policy\.yaml can be written by others$/,
    ],
    [
      'others could have written it',
      (machine) => {
        chmodSync(dirname(machine.layout.policy), 0o777);
        writeFileSync(machine.layout.policy, readFileSync(machine.layout.policy));
      },
      /^no plugin may run: .*etc\/bulkhead can be written by others$/,
    ],
    [
      'a key of it is gone',
      (machine) => {
        machine.key('team');
        machine.editPolicy((text) => text.replace(/^signers:\n/m, 'signers:\n  team: { key: team.pub }\n'));
        rmSync(join(dirname(machine.layout.policy), 'team.pub'));
      },
      /^no plugin may run: .*team\.pub does not exist$/,
    ],
  ])('%s', (_, change, message) => {
    expectRefusal(change, message);
  });

  test('a broken policy is mended', () => {
    using machine = new TrustingMachine();
    const { path } = machine.container();
    const valid = readFileSync(machine.layout.policy);
    writeFileSync(machine.layout.policy, 'broken');
    expect(machine.attach('c1', path)).toMatchObject({ status: 1 });
    writeFileSync(machine.layout.policy, valid);
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    expect(machine.audited().map(({ outcome }) => outcome.ok)).toEqual([false, true]);
    // What was written down meanwhile is under the same seal.
    expect(bulkhead('audit', 'verify', '--root', machine.root)).toMatchObject({ status: 0 });
  });

  test('with `missing: deny-at-call` a plugin runs that imports more than it is granted, until it uses it', () => {
    using machine = new TrustingMachine();
    machine.editPolicy((text) =>
      text
        .replace(/^ {6}- port\.change:( \{.*\n|\n( {8}.*\n)+)/m, '')
        .replace('  bridge:\n', '  bridge:\n    missing: deny-at-call\n'),
    );
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    expectDetached(machine, 'c1', path);
    expect(machine.attach('c2', path, { hairpinMode: true })).toMatchObject({
      status: 1,
      json: { msg: expect.stringMatching(/failed to setup hairpin mode .*denied: .*it would with: - port\.change: /) },
    });
    expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
  });
});

describe.skipIf(missing)('a plugin that an operator adds', () => {
  test('runs where its signer vouches for it, and is gone after its removal', () => {
    using machine = new TrustingMachine();
    const team = machine.key('team');
    const component = versioned(machine.component(), '0.2.0');
    machine.trust(['team']);
    expect(machine.attach('c0', machine.container().path)).toMatchObject({ status: 1 });
    expect(machine.add(component, team(component))).toMatchObject({ status: 0, stderr: '' });
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    expect(machine.audited().at(-1)).toMatchObject({
      plugin: { version: '0.2.0', digest: digestOf(component), signers: ['team'] },
    });
    expect(bulkhead('plugin', 'remove', 'bridge', '--root', machine.root)).toMatchObject({ status: 0 });
    expect(readdirSync(machine.layout.addedPlugins)).toEqual([indexFile]);
    expect(machine.attach('c2', machine.container().path)).toMatchObject({ status: 1 });
    expectDetached(machine, 'c1', path);
  });

  test('is upgraded, and its containers are detached by the new one; going back is refused', () => {
    using machine = new TrustingMachine();
    const team = machine.key('team');
    const [old, fresh] = [versioned(machine.component(), '0.1.9'), versioned(machine.component(), '0.2.0')];
    machine.trust(['team']);
    expect(machine.add(old, team(old))).toMatchObject({ status: 0 });
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    expect(machine.add(fresh, team(fresh))).toMatchObject({ status: 0 });
    expectDetached(machine, 'c1', path);
    machine.editPolicy((text) => text.replace('  bridge:\n', '  bridge:\n    minimumVersion: 0.2.0\n'));
    expect(machine.attach('c2', path)).toMatchObject({ status: 0 });
    expect(machine.add(old, team(old))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('it is version 0.1.9, and the policy wants 0.2.0 at least'),
    });
    machine.plant(old, team(old));
    expect(machine.attach('c3', machine.container().path)).toMatchObject({
      status: 1,
      json: { msg: expect.stringContaining('it is version 0.1.9') },
    });
    expectDetached(machine, 'c2', path);
  });

  type Sign = (component: Uint8Array) => string;
  test.each<[string, (component: Buffer, team: Sign, stranger: Sign, other: Buffer) => readonly string[], RegExp]>([
    ['without a signature', () => [], /there is no signature beside it/],
    ['signed by a stranger', (component, _, stranger) => [stranger(component)], /team: /],
    ['with a signature of other bytes by the right key', (_, team, __, other) => [team(other)], /team: /],
    ['with a signature that is none', () => ['{}', 'hello'], /team: /],
  ])('is refused %s, added or planted', (_, sign, message) => {
    using machine = new TrustingMachine();
    const [team, stranger] = [machine.key('team'), machine.key('stranger')];
    machine.trust(['team']);
    const component = versioned(machine.component(), '0.2.0');
    const given = sign(component, team, stranger, machine.component());
    expect(machine.add(component, ...given)).toMatchObject({ status: 1, stderr: expect.stringMatching(message) });
    expect(existsSync(machine.layout.addedPlugins)).toBe(false);
    machine.plant(component, ...given);
    expect(machine.attach('c1', machine.container().path)).toMatchObject({
      status: 1,
      json: { msg: expect.stringMatching(message) },
    });
  });

  test('needs as many signers as the policy says', () => {
    using machine = new TrustingMachine();
    const [team, ci, stranger] = [machine.key('team'), machine.key('ci'), machine.key('stranger')];
    machine.trust(['team', 'ci'], 2);
    const component = versioned(machine.component(), '0.2.0');
    const refused = (...bundles: string[]) =>
      expect(machine.add(component, ...bundles)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/only team vouches for it and 2 have to \(line \d+ of the policy\): ci: /),
      });
    refused(team(component));
    refused(team(component), team(component));
    refused(team(component), stranger(component));
    refused(team(component), ci(machine.component()));
    expect(machine.add(component, team(component), ci(component))).toMatchObject({ status: 0 });
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 0 });
    expect(machine.audited().at(-1)?.plugin?.signers).toEqual(['team', 'ci']);
    // One of the signatures goes.
    const { addedPlugins } = machine.layout;
    const bundle = readdirSync(addedPlugins).find((name) => name.endsWith('.1.sigstore.json')) ?? '';
    rmSync(join(addedPlugins, bundle));
    expect(machine.attach('c2', machine.container().path)).toMatchObject({ status: 1 });
    expectDetached(machine, 'c1', path);
  });
});

describe.skipIf(missing)('mode audit', () => {
  test('lets through what enforce would deny, and writes it down', () => {
    using machine = new TrustingMachine();
    machine.editPolicy((text) =>
      text.replace('mode: enforce', 'mode: audit').replace('prefix: $leased', 'prefix: 10.99.0.0/16'),
    );
    const { path } = machine.container();
    expect(machine.attach('c1', path)).toMatchObject({ status: 0, json: { ips: [{ address: '10.1.0.2/24' }] } });
    const would = machine.audited().flatMap(({ operations }) => operations.filter((one) => one.decision !== 'allowed'));
    expect(would).toEqual([
      expect.objectContaining({
        plugin: 'bridge',
        decision: 'would-deny',
        access: expect.objectContaining({ kind: 'address.add', prefix: '10.1.0.2/24' }),
        reason: expect.stringContaining('it would with: - address.add: '),
      }),
    ]);
    expectDetached(machine, 'c1', path);
    machine.editPolicy((text) => text.replace('mode: audit', 'mode: enforce'));
    expect(machine.attach('c2', path)).toMatchObject({ status: 1 });
  });

  test('does not let run what nobody vouches for', () => {
    using machine = new TrustingMachine();
    machine.editPolicy((text) => text.replace('mode: enforce', 'mode: audit'));
    machine.deny(digestOf(machine.component()));
    expect(machine.attach('c1', machine.container().path)).toMatchObject({ status: 1 });
  });
});

describe.skipIf(missing)('what was denied', () => {
  test('is in the log with the plugin’s type and the item that would allow it, and the error leads to it', () => {
    using machine = new TrustingMachine();
    machine.editPolicy((text) => text.replace('addresses: $subnets', 'addresses: 10.99.0.0/16'));
    const { path } = machine.container();
    const { json } = machine.attach('c1', path);
    expect(json.msg).toMatch(/denied: the policy does not let host-local lease /);
    const [, correlation] = /audit: ([0-9a-f]{16})$/.exec(json.details) ?? [];
    const entry = machine.audited().find((one) => one.correlation === correlation);
    expect(entry).toMatchObject({
      ...{ verb: 'ADD', type: 'bridge', network: 'net', containerId: 'c1', interfaceName: 'eth0' },
      plugin: { version: '0.1.0', digest: digestOf(machine.component()), signers: ['release'] },
      outcome: { ok: false, code: json.code, message: json.msg },
    });
    const denied = entry?.operations.filter(({ decision }) => decision !== 'allowed');
    expect(denied).toEqual([
      expect.objectContaining({
        plugin: 'host-local',
        decision: 'denied',
        access: expect.objectContaining({ kind: 'lease.reserve' }),
        reason: expect.stringContaining('it would with: - lease.reserve: '),
      }),
    ]);
    for (const { plugin, line } of entry?.operations.filter(({ decision }) => decision === 'allowed') ?? []) {
      expect(line).toBeGreaterThan(0);
      expect(['bridge', 'host-local']).toContain(plugin);
    }
    expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
    expect(machine.snapshot(path).links.map(({ name }) => name)).toEqual(['lo']);
  });

  test('a plugin that does not run at all is a call in the log, too', () => {
    using machine = new TrustingMachine();
    machine.deny(digestOf(machine.component()));
    const { json } = machine.attach('c1', machine.container().path);
    expect(machine.audited()).toEqual([
      expect.objectContaining({
        operations: [],
        outcome: { ok: false, code: 999, message: expect.stringContaining('is on the deny list') },
      }),
    ]);
    expect(json.details).toBe(`audit: ${machine.audited()[0]?.correlation}`);
  });
});

describe.skipIf(missing)('a delegate of the old kind', () => {
  const address = { address: '10.1.0.7/24', gateway: '10.1.0.1' };
  /** Says what it was called with, and gives an address. */
  function place(machine: TrustingMachine, more = ''): { readonly digest: string; readonly ran: () => string[] } {
    const log = join(machine.directory, 'ran');
    const result = JSON.stringify({ cniVersion: '1.1.0', ips: [address] });
    const script = `#!/bin/sh\necho $CNI_COMMAND >> ${log}\n${more}\n[ $CNI_COMMAND = ADD ] && echo '${result}'\nexit 0\n`;
    const path = join(machine.binaries, 'old');
    writeFileSync(path, script, { mode: 0o755 });
    return {
      digest: digestOf(readFileSync(path)),
      ran: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    };
  }
  const more = { isDefaultGateway: false, isGateway: true, ipam: { type: 'old' } };

  test('does not run where the policy says nothing of it, and the error says what would let it', () => {
    using machine = new TrustingMachine();
    const { digest, ran } = place(machine);
    const { path } = machine.container();
    const refused = machine.attach('c1', path, more);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.json.msg).toContain(`it would with: - delegate: { type: old, executable: "sha256:${digest}" }`);
    expect(ran()).toEqual([]);
    machine.grant('bridge', `- delegate: { type: old, executable: "sha256:${digest}" }`);
    expect(machine.attach('c1', path, more)).toMatchObject({ status: 0, json: { ips: [address] } });
    expect(ran()).toEqual(['ADD']);
    expectDetached(machine, 'c1', path, more);
    expect(ran()).toEqual(['ADD', 'DEL']);
  });

  test('does not run where its digest is another, and does not keep a DEL from ending', () => {
    using machine = new TrustingMachine();
    const { digest, ran } = place(machine);
    const { path } = machine.container();
    machine.grant('bridge', `- delegate: { type: old, executable: "sha256:${digest}" }`);
    expect(machine.attach('c1', path, more)).toMatchObject({ status: 0 });
    place(machine, '# changed');
    expect(machine.attach('c2', machine.container().path, more)).toMatchObject({
      status: 1,
      json: { msg: expect.stringMatching(/denied: .*execute ADD of delegate old \(sha256:/) },
    });
    expectDetached(machine, 'c1', path, more);
    expect(ran()).toEqual(['ADD']);
    expect(machine.audited().at(-1)?.operations).toContainEqual(
      expect.objectContaining({
        plugin: 'bridge',
        decision: 'denied',
        access: expect.objectContaining({ type: 'old' }),
      }),
    );
  });

  test('of any digest runs where the policy says so, under its own name alone', () => {
    using machine = new TrustingMachine();
    const { ran } = place(machine);
    copyFileSync(join(machine.binaries, 'old'), join(machine.binaries, 'older'));
    machine.grant('bridge', '- delegate: { type: old, executable: any }');
    const { path } = machine.container();
    expect(machine.attach('c1', path, more)).toMatchObject({ status: 0 });
    expect(machine.attach('c2', machine.container().path, { ...more, ipam: { type: 'older' } })).toMatchObject({
      status: 1,
      json: { msg: expect.stringContaining('execute ADD of delegate older') },
    });
    expect(ran()).toEqual(['ADD']);
  });
});
