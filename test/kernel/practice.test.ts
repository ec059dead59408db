import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PracticeOptions, practise } from '../../host/daemon/practice.ts';
import { LeaseStore } from '../../host/ipam/store.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { snapshot } from '../../host/kernel/snapshot.ts';
import { SharedLocks } from '../../host/operations/locks.ts';
import { RecordStore } from '../../host/records/store.ts';
import { createMemoryKernel, makeTestNode, type TestNode } from '../../host/testing/testing.ts';
import type { Plugin } from '../../host/trust/plugin.ts';
import { releasedComponents } from '../fault/bench.ts';
import { missingPrivileges } from './namespace.ts';

const missing = missingPrivileges();

let bench: TestNode;
let directory: string;
beforeAll(async () => {
  bench = await makeTestNode(createMemoryKernel(), releasedComponents());
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-practice-test-'));
}, 60_000);
afterAll(() => {
  bench[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

/** Practice of the test's node, with what it keeps in the directory that is meant for that. */
function options(over: Partial<PracticeOptions> = {}): PracticeOptions {
  return {
    directory,
    nodeIn: (inside) => ({
      ...bench.node,
      records: new RecordStore(join(inside, 'records')),
      locks: new SharedLocks(join(inside, 'locks')),
      leases: new LeaseStore(join(inside, 'indexes')),
    }),
    goesOn: () => true,
    ...over,
  };
}

const ownNamespace = () => readlinkSync('/proc/thread-self/ns/net');

function openDescriptors(): readonly string[] {
  return readdirSync('/proc/self/fd').filter((fd) => fd !== '');
}

/** What one finds of the machine. */
function machine() {
  const kernel = openLinuxKernel();
  try {
    return { links: snapshot(kernel.host).links.map(({ name }) => name), namespace: ownNamespace() };
  } finally {
    kernel.close();
  }
}

describe.skipIf(missing)('practice', () => {
  test('is calls that are answered well, and leaves nothing', async () => {
    const before = machine();
    const descriptors = openDescriptors().length;
    expect(await practise(options())).toBe(24 * (2 + 5 * 5));
    expect(machine()).toEqual(before);
    expect(readdirSync(directory)).toEqual([]);
    expect(openDescriptors().length).toBe(descriptors);
  }, 60_000);

  test('ends when there is something to do', async () => {
    let asked = 0;
    expect(await practise(options({ goesOn: () => ++asked < 8 }))).toBe(7);
    expect(readdirSync(directory)).toEqual([]);
  }, 60_000);

  test('ends where the policy refuses a call, with what the call did taken back', async () => {
    const refuse = (plugin: Plugin): Plugin => ({
      ...plugin,
      rights: { ...plugin.rights, grants: { decide: () => ({ allowed: false, missing: 'everything' }) } },
    });
    const { plugins } = bench.node;
    const refusing = {
      types: plugins.types,
      find: (type: string) => {
        const plugin = plugins.find(type);
        return plugin && type === 'bridge' ? refuse(plugin) : plugin;
      },
    };
    const { nodeIn } = options();
    const answered = await practise(options({ nodeIn: (inside) => ({ ...nodeIn(inside), plugins: refusing }) }));
    expect(answered).toBe(0);
    expect(ownNamespace()).toBe(machine().namespace);
    expect(readdirSync(directory)).toEqual([]);
  }, 60_000);

  test('that cannot be is none', async () => {
    expect(await practise(options({ directory: join(directory, 'nowhere') }))).toBe(0);
  });
});
