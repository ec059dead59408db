import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentNew } from '@bytecodealliance/jco';
import { describe, expect, test } from 'vitest';
import { buildGuest } from '../../../guests/sdk/generator/build.ts';
import type { WorldItem } from '../../../guests/sdk/generator/model.ts';
import { resolveWorld } from '../../../guests/sdk/generator/resolve.ts';
import { decodeComponent } from '../../../host/component/decode.ts';
import { spelled } from '../../../host/interfaces/contract.ts';
import { hostInterfaces } from '../../../host/interfaces/table.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const wit = join(project, 'wit');
const text = readFileSync(join(wit, 'worlds.wit'), 'utf8');
const worlds = [...text.matchAll(/^world %?([a-z-]+)/gm)].map(([, name = '']) => name);
const guests = readdirSync(join(project, 'guests'), { withFileTypes: true })
  .filter((one) => one.isDirectory() && one.name !== 'sdk')
  .map(({ name }) => name);

const idsOf = (items: readonly WorldItem[]) => items.map(({ id }) => id).sort();

/** The interfaces that the text of a world asks for. */
function asked(world: string): string[] {
  const [, body = ''] = new RegExp(`^world %?${world} \\{([^}]*)\\}`, 'm').exec(text) ?? [];
  return [...body.matchAll(/^ *import ([^;]+);/gm)].map(([, id = '']) => id);
}

test('the contract that components are held against is that of wit/', async () => {
  const contract: Record<string, Record<string, string>> = {};
  for (const world of worlds) {
    const { dummy } = await resolveWorld({ path: wit, world });
    const { imports, exports } = decodeComponent(await componentNew(dummy, []));
    for (const [id, extern] of [...imports, ...exports]) contract[id] = Object.fromEntries(spelled(extern));
  }
  expect(Object.keys(contract)).toEqual(expect.arrayContaining(hostInterfaces.map(({ id }) => id)));
  const sorted = Object.fromEntries(Object.entries(contract).sort(([a], [b]) => (a < b ? -1 : 1)));
  await expect(`${JSON.stringify(sorted, null, 2)}\n`).toMatchFileSnapshot('../../../host/interfaces/contract.json');
});

test('every plugin has a world of its name, and every world a plugin', () => {
  expect([...worlds].sort()).toEqual([...guests].sort());
});

describe.each(worlds)('world %s', (name) => {
  test('resolves, with its packages', async () => {
    const { world } = await resolveWorld({ path: wit, world: name });
    expect(world.imports.length).toBeGreaterThan(0);
    expect(idsOf(world.exports)).toContain('bulkhead:cni/plugin@0.1.0');
  });

  test('has no two types of one name', async () => {
    const { world } = await resolveWorld({ path: wit, world: name });
    const homes = new Map<string, Set<string>>();
    for (const item of [...world.imports, ...world.exports]) {
      if (item.kind !== 'interface') continue;
      for (const type of item.interface.types) {
        // A `use` is the same type again.
        if (type.of.kind === 'named') continue;
        homes.set(type.name, (homes.get(type.name) ?? new Set()).add(item.id));
      }
    }
    expect(homes.size).toBeGreaterThan(5);
    expect([...homes].filter(([, ids]) => ids.size > 1)).toEqual([]);
  });

  test('imports what its plugin uses, and nothing else', async () => {
    const { world } = await resolveWorld({ path: wit, world: name });
    const { component } = await buildGuest({ directory: join(project, 'guests', name) });
    const shape = decodeComponent(component);
    const used = [...shape.imports].filter(([, one]) => one.kind === 'function' || one.functions.size > 0);
    const ids = used.map(([id]) => id);
    expect(ids).toEqual(expect.arrayContaining(asked(name)));
    // What an interface that it asks for needs for its own types comes along.
    expect(idsOf(world.imports)).toEqual(expect.arrayContaining(ids));
    expect([...shape.exports.keys()].sort()).toEqual(idsOf(world.exports));
    expect([...shape.imports.keys()].filter((id) => id.startsWith('wasi:'))).toEqual([]);
  });

  test('gives a component of tens of kilobytes, and the same bytes each time', async () => {
    const directory = join(project, 'guests', name);
    const [first, second] = [await buildGuest({ directory }), await buildGuest({ directory })];
    expect(Buffer.from(second.component).equals(first.component)).toBe(true);
    expect(second.digest).toBe(first.digest);
    expect(first.component.length).toBeLessThan(100_000);
  });
});
