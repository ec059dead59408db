import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco';
import type { HostImports } from '../../../host/engine/engine.ts';

const here = dirname(fileURLToPath(import.meta.url));

export const rawGuest = 'test:raw/guest@1.0.0';

/** The module in guest.wat as a component, with texts in UTF-16, as those of all guests here. */
export async function buildRawGuest(): Promise<Uint8Array> {
  const core = await parse(readFileSync(join(here, 'guest.wat'), 'utf8'));
  const world = { witPath: join(here, 'wit'), world: 'raw', stringEncoding: 'utf16' } as const;
  return componentNew(await componentEmbed({ binary: core, ...world }));
}

/** The host of the raw guest: remembers what it is given. */
export function makeHost(seen: unknown[]): HostImports {
  const take = (value: unknown) => void seen.push(value);
  const names = 'Text List Texts Bytes Bool Small Signed Char Colour Rights Shape Maybe Pair'.split(' ');
  const takers = Object.fromEntries(names.map((name) => [`take${name}`, take]));
  return { 'test:raw/host@1.0.0': { ...takers, text: () => 'text', ping: () => take('ping') } };
}
