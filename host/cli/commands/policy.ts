import { escapeControls } from '../../calls/log.ts';
import { decodeComponent } from '../../component/decode.ts';
import { accessOf, withoutVersion } from '../../policy/access.ts';
import { grantsAny } from '../../policy/decide.ts';
import { PolicyError } from '../../policy/policy-error.ts';
import { policyJsonSchema } from '../../policy/schema.ts';
import { establishTrust } from '../../trust/establish.ts';
import { openSeal } from '../../trust/seal.ts';
import { type TrustState, writeTrustState } from '../../trust/trust-state.ts';
import { UsageError } from '../errors.ts';
import { requireInstalled } from '../installed.ts';
import { pluginFilesOf } from '../node.ts';
import { paint } from '../terminal.ts';

interface RootOption {
  readonly root: string;
}

/** Reads the policy as a call would, and says what is effective for each plugin. Exit status 1 where a plugin that the policy knows may not run. */
export function checkCommand({ root, json }: RootOption & { readonly json?: boolean }): void {
  const { layout } = requireInstalled(root);
  const files = pluginFilesOf(layout);
  const { policy, verdicts } = establish(layout.policy, () => establishTrust(layout.policy, files));
  const plugins = verdicts.map(({ type, signers, problems, digest }) => {
    const source = problems.length === 0 ? files.read(type) : undefined;
    const imports = source === undefined ? [] : [...decodeComponent(source.bytes).imports.keys()];
    const asked = imports.flatMap(accessOf);
    const rules = policy.plugins[type]?.rules ?? [];
    return {
      type,
      digest,
      signers,
      problems,
      grants: rules.map(({ allow, line }) => ({ allow, line, asked: asked.includes(allow) })),
      denied: imports.filter((id) => accessOf(id).length > 0 && !grantsAny(rules, accessOf(id))).map(withoutVersion),
    };
  });
  if (plugins.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify({ mode: policy.mode, plugins }, null, 2));
    return;
  }
  console.log(`${layout.policy}: mode ${policy.mode}, ${policy.deny.length} components denied`);
  for (const { type, signers, problems, grants, denied } of plugins) {
    const verdict =
      problems.length === 0 ? paint('green', `may run (${signers.join(', ')})`) : paint('red', 'may not run');
    console.log(`${paint('bold', escapeControls(type))}  ${verdict}  ${grants.length} grants`);
    for (const problem of problems) console.log(`  ${escapeControls(problem)}`);
    for (const id of denied)
      console.log(`  imports ${escapeControls(id)}, of which nothing is granted: denied when it is called`);
    if (problems.length > 0) continue;
    for (const { allow, line, asked } of grants) {
      if (!asked) console.log(`  line ${line}: ${allow} is granted, and never asked for`);
    }
  }
}

/** Makes the policy effective now, and the next call faster: it would have done the same. */
export function applyCommand({ root }: RootOption): void {
  const { layout } = requireInstalled(root);
  const state = establish(layout.policy, () => establishTrust(layout.policy, pluginFilesOf(layout)));
  writeTrustState(layout.trust, openSeal(layout.secret), state);
  const running = state.verdicts.filter(({ problems }) => problems.length === 0);
  console.log(`${layout.policy} is applied: ${running.map(({ type }) => type).join(', ') || 'no plugin'} may run`);
}

export function schemaCommand(): void {
  console.log(JSON.stringify(policyJsonSchema(), null, 2));
}

function establish(path: string, body: () => TrustState): TrustState {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new UsageError(`${path} cannot be used, and nothing is loaded:\n  ${error.problems.join('\n  ')}`, {
      cause: error,
    });
  }
}
