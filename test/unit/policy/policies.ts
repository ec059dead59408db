import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RuleGrants } from '../../../host/policy/decide.ts';
import { readPolicy } from '../../../host/policy/read.ts';
import type { GivenRoute, Grants, LinkFacts, Request } from '../../../host/policy/rule.ts';

/** What the items of a policy grant, read as an operator writes them. */
export function granting(...items: readonly string[]): Grants {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-policy-'));
  const path = join(directory, 'policy.yaml');
  const grants = items.length === 0 ? ' []' : items.map((item) => `\n      ${item}`).join('');
  const text = `version: 1\nsigners: { release: release }\nplugins:\n  any:\n    signers: [release]\n    grants:${grants}\n`;
  try {
    writeFileSync(path, text);
    return new RuleGrants(readPolicy(path).plugins.any?.rules ?? []);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export interface Facts {
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly leased?: readonly string[];
  readonly gateways?: readonly string[];
  readonly routes?: readonly GivenRoute[];
  /** By door and index: `host 3`. */
  readonly links?: Readonly<Record<string, LinkFacts>>;
}

/** A request of attachment eth0 to network pods, of which the facts are known. */
export function requestOf({ configuration = {}, args = {}, leased, gateways, routes, links = {} }: Facts): Request {
  return {
    interfaceName: 'eth0',
    network: 'pods',
    configuration: (pointer) =>
      pointer
        .split('/')
        .slice(1)
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], configuration),
    argument: (key) => args[key],
    leased: () => leased ?? [],
    gateways: () => gateways ?? [],
    routes: () => routes ?? [],
    link: (door, index) => links[`${door} ${index}`],
    created: (door) =>
      Object.entries(links).flatMap(([at, { name, created }]) => (created && at.startsWith(door) ? [name] : [])),
  };
}
