import { existsSync } from 'node:fs';
import { escapeControls } from '../../calls/log.ts';
import { decodeComponent } from '../../component/decode.ts';
import { withoutVersion } from '../../policy/access.ts';
import { PolicyError } from '../../policy/policy-error.ts';
import { checkedManifest } from '../../trust/checked-manifest.ts';
import { judgingPolicy } from '../../trust/establish.ts';
import { judge } from '../../trust/judge.ts';
import { type Candidate, candidate, PluginFiles } from '../../trust/plugin-files.ts';
import { layoutOf } from '../layout.ts';
import { columns, paint } from '../terminal.ts';

/** What a component is, what it asks for and why, and what the policy of this node says of it. Nothing of it is run. */
export function inspectCommand(file: string, { root, json }: { readonly root: string; readonly json?: boolean }): void {
  const found = look(file, root);
  if (json) {
    console.log(JSON.stringify(found, null, 2));
    return;
  }
  console.log(
    `${paint('bold', escapeControls(found.name))} ${escapeControls(found.version)}  ${escapeControls(found.description)}`,
  );
  console.log(`  types   ${found.types.map(escapeControls).join(', ')}`);
  console.log(`  sha256  ${found.digest}  ${(found.size / 1024).toFixed(1)} KB`);
  console.log('  imports');
  const rows = found.imports.map(({ id, reason }) => [
    `    ${escapeControls(id)}`,
    reason === undefined ? paint('red', 'not asked for') : escapeControls(reason),
  ]);
  console.log(columns(rows));
  for (const { type, signers, problems } of found.verdicts) {
    const verdict =
      problems.length === 0 ? paint('green', `may run, signed by ${signers.join(', ')}`) : paint('red', 'may not run');
    console.log(`  as ${escapeControls(type)}: ${verdict}`);
    for (const problem of problems) console.log(`    ${escapeControls(problem)}`);
  }
}

function look(file: string, root: string) {
  const bare = read(file);
  const { name, version, description, types, reasons = {} } = checkedManifest(bare);
  const asked = new Map(Object.entries(reasons).map(([id, reason]) => [withoutVersion(id), reason]));
  const imports = [...decodeComponent(bare.bytes).imports.keys()]
    .filter((id) => !/\/(types|namespaces)@/.test(id))
    .map((id) => ({ id, reason: asked.get(withoutVersion(id)) }));
  return {
    name,
    version,
    description,
    types,
    digest: bare.digest,
    size: bare.bytes.length,
    imports,
    verdicts: verdictsOf(bare, types, root),
  };
}

function verdictsOf(bare: Candidate, types: readonly string[], root: string) {
  const { policy, plugins, addedPlugins } = layoutOf(root, '');
  if (!existsSync(policy)) return [];
  try {
    const judging = judgingPolicy(policy);
    const bundles = new PluginFiles(plugins, addedPlugins).bundles(bare);
    return types.map((type) => judge({ ...bare, type }, bundles, judging));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return types.map((type) => ({ type, digest: bare.digest, signers: [], problems: [error.message] }));
  }
}

function read(file: string): Candidate {
  return candidate('', file, undefined);
}
