import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest } from '../../host/testing/testing.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** Imports of the guest's world as the core module has them, which takes any numbers for pointers, handles and cases. */
const raw = {
  rawByName: ['bulkhead:net/links@0.1.0', 'by-name', 4],
  rawAll: ['bulkhead:net/links@0.1.0', 'all', 2],
  rawCreate: ['bulkhead:net/link-control@0.1.0', 'create', 2],
  rawChange: ['bulkhead:net/link-control@0.1.0', 'change', 2],
  rawAddVlans: ['bulkhead:net/bridge-ports@0.1.0', 'add-vlans', 5],
  rawAddresses: ['bulkhead:net/addresses@0.1.0', 'all', 4],
  rawIsReady: ['bulkhead:ipam/leases@0.1.0', 'is-ready', 3],
  rawDelegate: ['bulkhead:ipam/delegate@0.1.0', 'add', 1],
  rawLog: ['bulkhead:cni/log@0.1.0', 'write', 3],
  rawDrop: ['bulkhead:net/namespaces@0.1.0', '[resource-drop]netns', 1],
  rawPath: ['bulkhead:net/namespaces@0.1.0', '[method]netns.path', 2],
} as const;

/** Builds the hostile plugin, with those imports as its module `raw`. */
export async function buildHostilePlugin(): ReturnType<typeof buildGuest> {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-fuzz-guest-'));
  try {
    cpSync(join(here, 'guest'), directory, { recursive: true, dereference: true });
    const functions = Object.entries(raw).map(([name, [module, field, count]]) => {
      const parameters = Array.from({ length: count }, (_, i) => `p${i}: i32`).join(', ');
      return `@external("${module}", "${field}")\nexport declare function ${name}(${parameters}): void;\n`;
    });
    writeFileSync(join(directory, 'raw.ts'), functions.join('\n'));
    return await buildGuest({ directory });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
