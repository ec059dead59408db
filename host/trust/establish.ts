import type { CompiledSigner } from '../policy/compiled.ts';
import { readPolicy } from '../policy/read.ts';
import { stampOf } from '../system/file-stamp.ts';
import { type JudgingPolicy, judge, type Verdict } from './judge.ts';
import { PluginError } from './plugin.ts';
import type { PluginFiles } from './plugin-files.ts';
import { SignatureError } from './signature/error.ts';
import { KeyError } from './signature/key-error.ts';
import { readPublicKey } from './signature/public-key.ts';
import { readTrustedRoot } from './signature/trusted-root.ts';
import type { Signer } from './signature/verify.ts';
import type { TrustState } from './trust-state.ts';

/**
 * Reads the policy and its keys, and judges every plugin of the node by them: the slow way, after which calls only look. Throws
 * PolicyError where the policy cannot be used; nothing is trusted then.
 */
export function establishTrust(policyPath: string, files: PluginFiles): TrustState {
  // Before anything is read: what changes meanwhile makes the state out of date.
  const plugins = files.sources.map(stampOf);
  const judging = judgingPolicy(policyPath);
  const verdicts = files.types.map((type) => verdictOf(type, files, judging));
  return { policy: judging.policy, verdicts, sources: [...judging.policy.sources, ...plugins] };
}

/** Throws PolicyError. */
export function judgingPolicy(path: string): JudgingPolicy {
  const signers = new Map<string, Signer>();
  const names = new Map<string, string>();
  const policy = readPolicy(path, (name, compiled) => {
    try {
      const signer = readSigner(compiled);
      const holder = holderOf(compiled, signer);
      const other = names.get(holder);
      // Thresholds count names.
      if (other !== undefined) return `it is the same as signer ${other}`;
      names.set(holder, name);
      if (signer !== undefined) signers.set(name, signer);
      return undefined;
    } catch (error) {
      if (error instanceof KeyError || error instanceof SignatureError) return error.message;
      throw error;
    }
  });
  return { policy, path, signers };
}

/** Who signs, however it is spelled. */
function holderOf(compiled: CompiledSigner, signer: Signer | undefined): string {
  if (signer?.kind === 'key') return `key ${signer.key.id}`;
  if (compiled.kind === 'keyless') return `keyless ${compiled.identity} ${compiled.issuer}`;
  return JSON.stringify(compiled);
}

function readSigner(signer: CompiledSigner): Signer | undefined {
  switch (signer.kind) {
    case 'key':
      return { kind: 'key', key: readPublicKey(signer.pem) };
    case 'keyless':
      return { ...signer, trustedRoot: readTrustedRoot(signer.trustedRoot) };
    case 'release':
    case 'digests':
      return undefined;
  }
}

function verdictOf(type: string, files: PluginFiles, judging: JudgingPolicy): Verdict {
  try {
    const candidate = files.read(type);
    if (candidate === undefined) return { type, digest: '', signers: [], problems: ['there is no such plugin'] };
    return judge(candidate, files.bundles(candidate), judging);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return { type, digest: '', signers: [], problems: [error.message] };
  }
}
