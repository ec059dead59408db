import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PolicyError } from '../../../host/policy/policy-error.ts';
import { defaultPolicyFile, readPolicy } from '../../../host/policy/read.ts';
import { policyJsonSchema } from '../../../host/policy/schema.ts';
import { isCurrent } from '../../../host/system/file-stamp.ts';
import { assertTrusted, readWithoutLinks } from '../../../host/system/trusted-file.ts';
import { judgingPolicy } from '../../../host/trust/establish.ts';
import { generateKeyPair } from '../../../host/trust/signature/private-key.ts';

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-policy-'));
  path = join(root, 'etc/bulkhead/policy.yaml');
  mkdirSync(dirname(path), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const beside = (name: string) => join(dirname(path), name);
const head = ['version: 1', 'signers:', '  release: release'];
const digest = `sha256:${'ab'.repeat(32)}`;

function write(...lines: readonly string[]): void {
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** Each problem of the policy, as it is told. */
function problems(read: (path: string) => unknown = readPolicy): readonly string[] {
  try {
    read(path);
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    const { problems: found, message } = error as PolicyError;
    expect(message).toBe(`${path}: ${found.join('; ')}`);
    return found;
  }
  throw new Error('the policy was read');
}

describe('a policy that is as it should be', () => {
  test('comes with defaults, lists, lines, and the texts of its files', () => {
    const { publicKey } = generateKeyPair('ed25519');
    writeFileSync(beside('team.pub'), publicKey);
    mkdirSync(beside('roots'));
    writeFileSync(beside('roots/sigstore.json'), '{}');
    write(
      ...['# comment', ...head, '  team: { key: team.pub }', '  known:', `    digests: ["${digest}"]`, '  ci:'],
      ...[
        '    identity: someone@example.com',
        '    issuer: https://example.com',
        '    trustedRoot: roots/sigstore.json',
      ],
      ...[
        'plugins:',
        '  vpn:',
        '    signers: [team, ci]',
        '    threshold: 2',
        '    minimumVersion: 1.2.3',
        '    grants:',
      ],
      ...['      - log', '      - link.change:', '          door: host', '          link: $created'],
      ...['          set: { up: true, mtu: [1400, $config/mtu] }', `deny: ["${digest}"]`],
    );
    const thresholds = { logs: 1, timestamps: 1, certificateLogs: 1 };
    expect(readPolicy(path)).toEqual({
      mode: 'enforce',
      signers: {
        release: { kind: 'release' },
        team: { kind: 'key', pem: publicKey },
        known: { kind: 'digests', digests: ['ab'.repeat(32)] },
        ci: {
          ...{ kind: 'keyless', identity: 'someone@example.com', issuer: 'https://example.com' },
          ...{ trustedRoot: '{}', thresholds },
        },
      },
      plugins: {
        vpn: {
          ...{ line: 13, signers: ['team', 'ci'], threshold: 2, minimumVersion: '1.2.3', attestations: [] },
          ...{ missing: 'deny-at-load', fullPool: 'ready', limits: {} },
          rules: [
            { allow: 'log', line: 18 },
            {
              ...{ allow: 'link.change', line: 19, door: 'host', link: ['$created'] },
              set: { up: [true], mtu: [1400, '$config/mtu'] },
            },
          ],
        },
      },
      deny: ['ab'.repeat(32)],
      sources: [path, beside('team.pub'), beside('roots/sigstore.json')].map((one) =>
        expect.objectContaining({ path: one }),
      ),
    });
  });

  test('is out of date as soon as one of its files is another', () => {
    writeFileSync(beside('team.pub'), generateKeyPair('ed25519').publicKey);
    write(...head, '  team: { key: team.pub }', 'plugins: {}');
    const isUpToDate = () => sources.every(isCurrent);
    let { sources } = readPolicy(path);
    expect(isUpToDate()).toBe(true);
    writeFileSync(beside('team.pub'), generateKeyPair('ed25519').publicKey);
    expect(isUpToDate()).toBe(false);
    ({ sources } = readPolicy(path));
    write(...head, '  team: { key: team.pub }', 'plugins: {} # the same');
    expect(isUpToDate()).toBe(false);
    ({ sources } = readPolicy(path));
    writeFileSync(beside('fresh'), readFileSync(path));
    renameSync(beside('fresh'), path);
    expect(isUpToDate()).toBe(false);
    ({ sources } = readPolicy(path));
    rmSync(path);
    expect(isUpToDate()).toBe(false);
  });

  test('may be that of the release, with a comment for editors', () => {
    const { plugins, signers, mode } = readPolicy(defaultPolicyFile);
    expect([Object.keys(signers), mode]).toEqual([['release'], 'enforce']);
    expect(Object.keys(plugins)).toEqual(expect.arrayContaining(['bridge', 'host-local', 'loopback']));
    expect(readFileSync(defaultPolicyFile, 'utf8')).not.toMatch(/: *["[]? *["']?\*["']?[ ,\]}\n]/);
  });

  test('has a schema for editors that says the same', () => {
    const schema = policyJsonSchema() as { properties: object; additionalProperties: boolean; required: string[] };
    expect(Object.keys(schema.properties)).toEqual(['version', 'mode', 'signers', 'plugins', 'deny']);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(['version', 'signers', 'plugins']);
    expect(JSON.stringify(schema)).toContain('by CNI type');
  });
});

const plugin = ['plugins:', '  vpn:', '    signers: [release]', '    grants:'];

describe('what is wrong is told with its line', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['nothing', [''], ['line 1: invalid input: expected object, received null']],
    ['no mapping', ['- a'], ['line 1: invalid input: expected object, received array']],
    [
      'another version, another mode, and a digest that is none',
      ['version: 2', 'mode: off', ...head.slice(1), 'plugins: {}', 'deny: [sha256:12]'],
      [
        'line 1: version: invalid input: expected 1',
        'line 2: mode: invalid option: expected one of "enforce"|"audit"',
        'line 6: deny[0]: sha256: and 64 hexadecimal digits',
      ],
    ],
    [
      'unknown keys, at each level',
      [
        ...head,
        '  team: { key: a.pub, colour: red }',
        'extra: 1',
        'plugins:',
        '  vpn:',
        '    signers: [release]',
      ].concat(['    also: 1', '    grants: [{ link.read: { door: host, no: 1 } }]']),
      [
        'line 4: signers.team.colour: there is no such key',
        'line 10: plugins.vpn.grants[0].link.read.no: there is no such key',
        'line 9: plugins.vpn.also: there is no such key',
        'line 5: extra: there is no such key',
      ],
    ],
    [
      'a kind of access that there is not, and one too much',
      [...head, ...plugin, '      - link.fly: { door: host }', '      - {}', '      - log: {}', '      - all'],
      [
        'line 8: plugins.vpn.grants[0].link.fly: there is no such key',
        'line 8: plugins.vpn.grants[0]: an item of grants is one word, or one kind of access with its arguments',
        'line 9: plugins.vpn.grants[1]: an item of grants is one word, or one kind of access with its arguments',
        'line 10: plugins.vpn.grants[2].log: there is no such key',
        'line 10: plugins.vpn.grants[2]: an item of grants is one word, or one kind of access with its arguments',
        expect.stringMatching(/^line 11: plugins\.vpn\.grants\[3\]: .*"sandbox"\|"host"\|"log"/),
      ],
    ],
    [
      'arguments that are none',
      [
        ...[...head, ...plugin, '      - link.read: { door: cellar }', '      - link.read:', '          door: host'],
        ...['          when: always', '      - link.remove: { door: host, link: $nothing }'],
        ...['      - sysctl.read: { door: host, key: "ipv4/{$nothing}/x" }'],
        ...['      - sysctl.read: { door: host, key: ipv4/../core }', '      - delegate: { type: a, executable: "*" }'],
        ...['      - link.remove: { door: host, link: [] }', '      - link.remove: { door: host, link: "" }'],
      ],
      [
        'line 8: plugins.vpn.grants[0].link.read.door: invalid option: expected one of "sandbox"|"host"',
        'line 11: plugins.vpn.grants[1].link.read.when: a term',
        'line 12: plugins.vpn.grants[2].link.remove.link: no such term: see docs/policy.md',
        'line 13: plugins.vpn.grants[3].sysctl.read.key: a key below /proc/sys/net, with {$terms} as whole segments',
        'line 14: plugins.vpn.grants[4].sysctl.read.key: a key below /proc/sys/net, with {$terms} as whole segments',
        expect.stringMatching(/^line 15: plugins\.vpn\.grants\[5\]\.delegate\.executable: /),
        expect.stringMatching(/^line 16: plugins\.vpn\.grants\[6\]\.link\.remove\.link: too small/),
        expect.stringMatching(/^line 17: plugins\.vpn\.grants\[7\]\.link\.remove\.link: too small/),
      ],
    ],
    [
      'a plugin’s numbers',
      [
        ...[...head, 'plugins:', '  vpn:', '    signers: []', '    threshold: 0', '    minimumVersion: 1.2'],
        ...['    missing: allow', '    limits: { time: 6e5, memory: -1, colour: 2 }', '    grants: []'],
      ],
      [
        expect.stringMatching(/^line 6: plugins\.vpn\.signers: too small/),
        expect.stringMatching(/^line 7: plugins\.vpn\.threshold: too small/),
        expect.stringMatching(/^line 8: plugins\.vpn\.minimumVersion: /),
        expect.stringMatching(/^line 9: plugins\.vpn\.missing: invalid option/),
        expect.stringMatching(/^line 10: plugins\.vpn\.limits\.memory: too small/),
        'line 10: plugins.vpn.limits.colour: there is no such key',
      ],
    ],
    [
      'signers that there are not, and a threshold that cannot be',
      [
        ...[...head, 'plugins:', '  vpn:', '    signers: [release, nobody, release]', '    threshold: 3'],
        ...['    attestations:', '      - { predicateType: x, signers: [constructor] }', '    grants: []'],
      ],
      [
        'line 6: plugins.vpn.signers[1]: there is no signer "nobody"',
        'line 9: plugins.vpn.attestations[0].signers[0]: there is no signer "constructor"',
        'line 7: plugins.vpn.threshold: 3 of 2 signers cannot be',
      ],
    ],
    [
      'names that are none',
      [...head, '  __proto__: release', 'plugins:', '  ../vpn: { signers: [release], grants: [] }'],
      [expect.stringMatching(/^line 6: plugins\.\.\.\/vpn: /)],
    ],
    [
      'a key twice',
      [...head, '  release: release', 'plugins: {}'],
      [expect.stringMatching(/^line 4: .*must be unique/)],
    ],
    [
      'a plugin twice',
      [...head, ...plugin, '      - log', '  vpn: { signers: [release], grants: [] }'],
      [expect.stringMatching(/^line 9: .*must be unique/)],
    ],
    ['tabs', ['version: 1', 'signers:', '\trelease: release'], [expect.stringMatching(/^line 3: Tabs/)]],
    [
      'a second document',
      [...head, 'plugins: {}', '---', 'a: 1'],
      [expect.stringMatching(/^line 5: .*multiple documents/)],
    ],
    ['tags', [...head, 'plugins: !!js/function x'], [expect.stringMatching(/^line 4: Unresolved tag/)]],
    ['merged keys', [...head, 'plugins:', '  <<: { vpn: 1 }'], [expect.stringMatching(/^line 5: plugins\.<<: /)]],
  ])('%s', (_, lines, told) => {
    write(...lines);
    expect(problems()).toEqual(told);
  });

  test.each([
    ['an alias of nothing', ['version: 1', 'plugins: *nothing']],
    [
      'aliases that grow',
      [
        ...['a: &a [x, x, x, x, x, x, x, x, x, x]', 'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]'],
        ...['c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]', 'd: [*c, *c, *c]'],
      ],
    ],
  ])('%s', (_, lines) => {
    write(...lines);
    expect(problems()).toEqual([expect.stringMatching(/^line \d: |alias/i)]);
  });

  test('keys and trusted roots that are none, each by the name of its signer', () => {
    writeFileSync(beside('text.pub'), 'hello');
    writeFileSync(beside('private.pub'), generateKeyPair('ed25519').privateKey);
    writeFileSync(beside('root.json'), '{}');
    write(
      ...[...head, '  a: { key: text.pub }', '  b: { key: private.pub }'],
      ...['  c: { identity: x, issuer: y, trustedRoot: root.json }', 'plugins: {}'],
    );
    expect(problems(judgingPolicy)).toEqual([
      expect.stringMatching(/^line 4: signers\.a: .*PEM/),
      expect.stringMatching(/^line 5: signers\.b: .*PUBLIC KEY is expected, this is PRIVATE KEY/),
      expect.stringMatching(/^line 6: signers\.c: the trusted root cannot be used/),
    ]);
  });

  test('a key file that is missing', () => {
    write(...head, '  team: { key: team.pub }', 'plugins: {}');
    expect(problems()).toEqual([expect.stringContaining(`${beside('team.pub')} does not exist`)]);
  });

  test('all files that cannot be used, with the lines of their signers', () => {
    writeFileSync(beside('text.pub'), 'hello');
    write(...head, '  a: { key: a.pub }', '  b: { key: b.pub }', '  c: { key: text.pub }', 'plugins: {}');
    expect(problems(judgingPolicy)).toEqual([
      expect.stringMatching(/^line 4: .*a\.pub/),
      expect.stringMatching(/^line 5: .*b\.pub/),
      expect.stringMatching(/^line 6: .*/),
    ]);
  });

  test('a keyless signer without its trusted root', () => {
    write(...head, '  ci: { identity: x, issuer: y }', 'plugins: {}');
    expect(problems()).toEqual([expect.stringMatching(/^line 4: signers\.ci\.trustedRoot: /)]);
  });
});

describe('a file that others could have written is not read', () => {
  const isRoot = process.geteuid?.() === 0;
  const valid = () => write(...head, '  team: { key: team.pub }', 'plugins: {}');
  beforeEach(() => {
    writeFileSync(beside('team.pub'), generateKeyPair('ed25519').publicKey);
    valid();
  });

  test.each<[string, () => void, () => RegExp]>([
    ['the policy, by others', () => chmodSync(path, 0o646), () => /policy\.yaml can be written by others$/],
    ['the policy, by its group', () => chmodSync(path, 0o664), () => /policy\.yaml can be written by others$/],
    [
      'its directory',
      () => chmodSync(dirname(path), 0o777),
      () => /policy\.yaml: .*\/etc\/bulkhead can be written by others$/,
    ],
    [
      'the one above, by its group',
      () => chmodSync(join(root, 'etc'), 0o775),
      () => /policy\.yaml: .*\/etc can be written by/,
    ],
    [
      'the one above all',
      () => chmodSync(root, 0o707),
      () => /policy\.yaml: .*bulkhead-policy-\w+ can be written by others$/,
    ],
    ['a key', () => chmodSync(beside('team.pub'), 0o666), () => /team\.pub can be written by others$/],
  ])('%s', (_, change, told) => {
    change();
    expect(problems()).toEqual([expect.stringMatching(told())]);
  });

  test('unless only owners remove: a directory with the sticky bit', () => {
    chmodSync(join(root, 'etc'), 0o1777);
    expect(readPolicy(path).mode).toBe('enforce');
  });

  test.skipIf(!isRoot).each<[string, () => string]>([
    ['the policy', () => path],
    ['a key', () => beside('team.pub')],
    ['its directory', () => dirname(path)],
    ['the one above', () => join(root, 'etc')],
  ])('where another user owns %s', (_, what) => {
    chownSync(what(), 1000, 1000);
    expect(problems()).toEqual([expect.stringMatching(`${what()} belongs to user 1000, not to root$`)]);
    chownSync(what(), 0, 1000);
    expect(readPolicy(path).mode).toBe('enforce');
  });

  test.skipIf(!isRoot)('where neither root nor the effective user owns it', () => {
    const file = beside('team.pub');
    try {
      process.seteuid?.(1000);
      // The directory that mkdtemp makes is root's alone.
      expect(() => readPolicy(path)).toThrow(PolicyError);
      process.seteuid?.(0);
      chmodSync(root, 0o755);
      chownSync(file, 1000, 1000);
      process.seteuid?.(1000);
      expect(readPolicy(path).mode).toBe('enforce');
      process.seteuid?.(0);
      process.seteuid?.(1001);
      expect(problems()).toEqual([`line 4: signers.team: ${file} belongs to user 1000, not to root`]);
    } finally {
      process.seteuid?.(0);
    }
  });

  test('nor one that is missing, a directory, or larger than any policy', () => {
    writeFileSync(path, '#'.repeat(5e6));
    expect(problems()).toEqual([`${path} has 5000000 bytes, and may have 4194304`]);
    rmSync(path);
    expect(problems()).toEqual([`${path} does not exist`]);
    mkdirSync(path);
    expect(problems()).toEqual([expect.stringMatching(/EISDIR/)]);
    rmSync(dirname(path), { recursive: true });
    expect(problems()).toEqual([`${path} does not exist`]);
  });

  test('through a link the file itself counts', () => {
    renameSync(path, beside('other.yaml'));
    symlinkSync('other.yaml', path);
    expect(readPolicy(path).mode).toBe('enforce');
    chmodSync(beside('other.yaml'), 0o666);
    expect(problems()).toEqual([`${path} can be written by others`]);
  });

  // What the link leads to can be exchanged by who can write beside it.
  test.each<[string, () => void]>([
    [
      'the policy',
      () => {
        renameSync(path, join(root, 'shared/policy.yaml'));
        symlinkSync(join(root, 'shared/policy.yaml'), path);
      },
    ],
    [
      'its directory',
      () => {
        renameSync(dirname(path), join(root, 'shared/bulkhead'));
        symlinkSync(join(root, 'shared/bulkhead'), dirname(path));
      },
    ],
  ])('and what is above it, where %s is a link', (_, link) => {
    mkdirSync(join(root, 'shared'));
    link();
    chmodSync(join(root, 'shared'), 0o777);
    expect(problems()).toEqual([expect.stringMatching(/shared can be written by others$/)]);
  });
});

describe('files that are read without links', () => {
  test('come whole, where there is none on the way', () => {
    writeFileSync(beside('a.wasm'), 'bytes');
    expect(readWithoutLinks(beside('a.wasm'), 5).toString()).toBe('bytes');
    expect(() => assertTrusted(beside('a.wasm'))).not.toThrow();
  });

  test.each<[string, () => string, RegExp]>([
    [
      'a link',
      () => {
        symlinkSync(path, beside('link'));
        return beside('link');
      },
      /there is a symbolic link on the way to .*link$/,
    ],
    [
      'a directory that is a link',
      () => {
        symlinkSync(dirname(path), join(root, 'way'));
        return join(root, 'way/policy.yaml');
      },
      /there is a symbolic link on the way to /,
    ],
    ['a directory', () => dirname(path), /is not a regular file$/],
    ['nothing', () => beside('nothing'), /no such file/],
    ['a device', () => '/dev/null', /is not a regular file$/],
    [
      'too much',
      () => {
        writeFileSync(path, '123456');
        return path;
      },
      /has 6 bytes, and may have 5$/,
    ],
  ])('%s is refused', (_, make, told) => {
    write('x');
    expect(() => readWithoutLinks(make(), 5)).toThrow(told);
  });
});
