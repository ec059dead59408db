import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTestGuest } from '../contract/engines.ts';

const contract = join(dirname(fileURLToPath(import.meta.url)), '../contract');

/** A guest that does what it should not: `test/contract/hostile`. */
export function buildHostileGuest(): Promise<Uint8Array> {
  return buildTestGuest(join(contract, 'hostile'), 'hostile');
}

/** A guest with every type: `test/contract/every-type`. */
export function buildEveryGuest(): Promise<Uint8Array> {
  return buildTestGuest(join(contract, 'every-type'), 'every');
}

export const misbehave = 'test:hostile/misbehave@1.0.0';
