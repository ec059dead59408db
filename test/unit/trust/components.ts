import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { componentNew } from '@bytecodealliance/jco';
import { resolveWorld } from '../../../guests/sdk/generator/resolve.ts';
import { concat, leb } from '../../../host/component/core-module.ts';
import { manifestSection } from '../../../host/trust/manifest.ts';

/** The host's own packages, as one WIT text with a package in another: `package bulkhead:net@0.1.0 { … }`. */
export const packages = ['net', 'ipam', 'cni']
  .map((name) => {
    const path = fileURLToPath(new URL(`../../../wit/deps/${name}/${name}.wit`, import.meta.url));
    return `${readFileSync(path, 'utf8').replace(/^package ([^;]+);/m, 'package $1 {')}\n}\n`;
  })
  .join('\n');

/** The text with one change, which has to be one. */
export function changed(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new TypeError(`${JSON.stringify(from)} does not stand there once`);
  return text.replace(from, () => to);
}

/** A component of that world, with nothing in its functions: all that a component says before it runs. */
export async function componentOf(world: string, from = packages): Promise<Uint8Array> {
  const text = `package test:one@0.1.0;\nworld one {\n${world}\n}\n${from}`;
  const { dummy } = await resolveWorld({ text, world: 'one' });
  return componentNew(dummy, []);
}

/** The component with a manifest that asks for whatever there is. */
export function withManifest(component: Uint8Array, type: string, asked: Iterable<string>): Uint8Array {
  const reasons = Object.fromEntries([...asked].map((id) => [id.replace(/@.*$/, ''), 'for a test']));
  const manifest = { name: type, version: '0.1.0', types: [type], description: 'for a test', reasons };
  const [name, body] = [manifestSection, JSON.stringify(manifest)].map((one) => new TextEncoder().encode(one));
  const section = concat([leb(name?.length ?? 0), name ?? [], body ?? []]);
  return concat([component, [0], leb(section.length), section]);
}
