import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAudit } from '../../host/audit/read.ts';
import type { Layout } from '../../host/cli/layout.ts';
import { indexFile } from '../../host/trust/plugin-files.ts';
import { generateKeyPair, readPrivateKey } from '../../host/trust/signature/private-key.ts';
import { signBundle } from '../../host/trust/signature/sign.ts';
import { faint, line, title, verdict } from './paper.ts';

/** How an ADD of the demo's network ended. */
export interface Attempt {
  readonly refused: boolean;
  /** Of the error object. */
  readonly message: string;
}

type Try = () => Attempt | Promise<Attempt>;

/** Shows what the policy keeps out: each time something is changed behind the host's back, or in the policy, and a container is to be attached. */
export async function showRefusals(layout: Layout, attempt: Try): Promise<void> {
  title('What does not run');
  const bridge = join(layout.plugins, 'bridge.wasm');
  await refused('a component with one byte changed', /the release pins/, attempt, changing(bridge, flipped));
  await refused('the same plugin, built and signed by a stranger', /nobody whom the policy trusts/, attempt, () =>
    putStrangersPlugin(layout, readFileSync(bridge)),
  );
  const withoutHost = (policy: Buffer) => Buffer.from(policy.toString().replace(/\n {6}- host\n/, '\n'));
  await refused(
    'a plugin that imports the host’s network without the grant',
    /add to plugins\.bridge\.grants.*: - host$/,
    attempt,
    changing(layout.policy, withoutHost),
  );

  title('What is denied, whatever the plugin does with it');
  const elsewhere = (policy: Buffer) =>
    Buffer.from(policy.toString().replace('prefix: $leased', 'prefix: 10.99.0.0/16'));
  await refused(
    'a plugin that is let in, and gives an address outside the network that it is granted,',
    /denied: .*10\.88\.0\./,
    attempt,
    changing(layout.policy, elsewhere),
  );
  const last = [...readAudit(layout.audit)].at(-1);
  const denied = last?.operations.filter(({ decision }) => decision === 'denied') ?? [];
  verdict(
    denied.length === 1,
    `the log of calls has it: ${faint(`${last?.correlation}: ${JSON.stringify(denied[0]?.access)}`)}`,
  );
  const { refused: still } = await attempt();
  verdict(!still, 'with the policy as it was, the container is attached');
}

/** Makes a change, tries, and takes the change back. */
async function refused(what: string, why: RegExp, attempt: Try, change: () => () => void): Promise<void> {
  const undo = change();
  try {
    const { refused: isRefused, message } = await attempt();
    verdict(isRefused && why.test(message), `${what} is refused`);
    for (const part of wrapped(message, 110)) line(`  ${faint(part)}`);
  } finally {
    undo();
  }
}

function changing(file: string, change: (whole: Buffer) => Buffer): () => () => void {
  return () => {
    const before = `${file}.before`;
    copyFileSync(file, before);
    writeFileSync(file, change(readFileSync(file)));
    return () => {
      writeFileSync(file, readFileSync(before));
      rmSync(before);
    };
  };
}

function flipped(whole: Buffer): Buffer {
  const changed = Buffer.from(whole);
  changed[whole.length >> 1] = (changed[whole.length >> 1] ?? 0) ^ 1;
  return changed;
}

/** Somebody who can write where plugins are added, with a key of their own. */
function putStrangersPlugin({ addedPlugins }: Layout, component: Buffer): () => void {
  const key = readPrivateKey(generateKeyPair('ed25519').privateKey);
  mkdirSync(addedPlugins, { recursive: true });
  writeFileSync(join(addedPlugins, 'bridge.wasm'), component);
  writeFileSync(join(addedPlugins, 'bridge.wasm.sigstore.json'), signBundle(component, key));
  writeFileSync(
    join(addedPlugins, indexFile),
    JSON.stringify({ plugins: { bridge: { file: 'bridge.wasm', digest: '' } } }),
  );
  return () => rmSync(addedPlugins, { recursive: true });
}

function wrapped(text: string, width: number): readonly string[] {
  return text.match(new RegExp(`.{1,${width}}(?:\\s|$)|\\S+`, 'g')) ?? [];
}
