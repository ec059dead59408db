import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { print } from '@bytecodealliance/jco';
import { describe, expect, test } from 'vitest';
import { generateBindings } from '../../../guests/sdk/generator/generate.ts';
import { signature } from '../../../guests/sdk/generator/layout.ts';
import type { World } from '../../../guests/sdk/generator/model.ts';
import { resolveWorld, type WitSource } from '../../../guests/sdk/generator/resolve.ts';

const project = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const ours = ['skeleton', 'loopback', 'bridge', 'host-local'].map((world) => ({ path: join(project, 'wit'), world }));
const every = { path: join(project, 'test/contract/every-type/wit'), world: 'every' };

/** Core functions of wit-component's dummy module by import or export name, as `(i32, i64) -> i32`. */
async function signaturesOf(dummy: Uint8Array): Promise<Map<string, string>> {
  const wat = await print(dummy);
  const list = (text: string, keyword: string) =>
    [...text.matchAll(new RegExp(`\\(${keyword} ([^)]*)\\)`, 'g'))].flatMap((found) => (found[1] ?? '').split(' '));
  const shape = (text: string) => `(${list(text, 'param').join(', ')}) -> ${list(text, 'result').join(', ')}`;
  const types = [...wat.matchAll(/^ {2}\(type \(;\d+;\) \(func(.*)\)\)$/gm)].map((found) => shape(found[1] ?? ''));
  const found = new Map<string, string>();
  for (const [, module, name, type] of wat.matchAll(/\(import "([^"]+)" "([^"]+)" \(func \(;\d+;\) \(type (\d+)\)/g)) {
    found.set(`import ${module} ${name}`, types[Number(type)] ?? '');
  }
  const functions = new Map(
    [...wat.matchAll(/\(func \(;(\d+);\) \(type (\d+)\)/g)].map((one) => [one[1], types[Number(one[2])]]),
  );
  for (const [, name, index] of wat.matchAll(/\(export "([^"]+)" \(func (\d+)\)/g)) {
    found.set(`export ${name}`, functions.get(index ?? '') ?? '');
  }
  return found;
}

/** The same, by our own layout. */
function ourSignatures(world: World): Map<string, string> {
  const found = new Map<string, string>();
  for (const direction of ['import', 'export'] as const) {
    for (const item of direction === 'import' ? world.imports : world.exports) {
      const functions =
        item.kind === 'interface'
          ? item.interface.functions
          : item.kind === 'function'
            ? [{ name: item.id, type: item.function }]
            : [];
      for (const { name, type } of functions) {
        const { parameters, results } = signature(type, direction);
        const scope = item.kind === 'interface' ? shortId(item.id) : '';
        found.set(
          direction === 'import' ? `import cm32p2${scope && `|${scope}`} ${name}` : `export cm32p2|${scope}|${name}`,
          `(${parameters.join(', ')}) -> ${results.join(', ')}`,
        );
      }
    }
  }
  return found;
}

/** Names in a dummy module have the version as far as it says what is compatible. */
function shortId(id: string): string {
  return id.replace(/@(\d+)\.(\d+)\.\d+$/, (_, major: string, minor: string) =>
    major === '0' ? `@0.${minor}` : `@${major}`,
  );
}

describe('the layout of values', () => {
  test.each([...ours, every])("is wit-component's own: $world", async (source) => {
    const { world, dummy } = await resolveWorld(source);
    const theirs = await signaturesOf(dummy);
    const mine = ourSignatures(world);
    expect(mine.size).toBeGreaterThan(3);
    for (const [name, shape] of mine) expect([name, theirs.get(name)]).toEqual([name, shape]);
  });
});

describe('bindings', () => {
  const bindings = async (source: WitSource) => generateBindings((await resolveWorld(source)).world);
  const world = (body: string) => ({ text: `package t:t@1.0.0; ${body}`, world: 'w' });

  test('have a module for each interface, named by package and interface', async () => {
    const { modules } = await bindings({ path: join(project, 'wit'), world: 'loopback' });
    expect([...modules.keys()].sort()).toEqual([
      'cni/exit',
      'cni/types',
      'entry',
      'exports/cni/plugin',
      'net/addresses',
      'net/link-control',
      'net/links',
      'net/namespaces',
      'net/sandbox',
      'net/types',
    ]);
  });

  test('are the same each time', async () => {
    const twice = await Promise.all([bindings(every), bindings(every)]);
    expect([...twice[0].modules]).toEqual([...twice[1].modules]);
  });

  test('interfaces of one name in several packages get longer paths', async () => {
    const { modules } = await bindings({
      text: `package t:t@1.0.0; world w { import a:p/types@1.0.0; import b:p/types@1.0.0; }
        package a:p@1.0.0 { interface types { record error { x: u8 } f: func() -> error; } }
        package b:p@1.0.0 { interface types { record error { y: u8 } f: func() -> error; } }`,
      world: 'w',
    });
    expect([...modules.keys()].sort()).toEqual(['a/p/types/1_0_0', 'b/p/types/1_0_0', 'entry']);
  });

  test("types with the name of a built-in one, and functions with a keyword's, get a _", async () => {
    const { modules } = await bindings(
      world('interface i { record array { new: u8 } delete: func(default: array) -> array; } world w { import i; }'),
    );
    const text = modules.get('t/i') ?? '';
    expect(text).toContain('export class Array_ {');
    expect(text).toContain('new_: u8');
    expect(text).toContain('export function delete_(default_: Array_): Array_');
  });

  test.each([
    ['a stream', 'interface i { f: func() -> stream<u8>; }', 'a stream is not supported in guests'],
    ['a future', 'interface i { f: func() -> future<string>; }', 'a future is not supported in guests'],
    ['an async function', 'interface i { f: async func(); }', 'an async function is not supported in guests'],
    ['an error-context', 'interface i { f: func() -> error-context; }', 'an error-context is not supported in guests'],
  ])('%s is refused by its name', async (_, body, message) => {
    await expect(bindings(world(`${body} world w { import i; }`))).rejects.toThrow(message);
  });
});
