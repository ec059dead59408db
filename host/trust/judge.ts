import { ZodError } from 'zod';
import { customSection, decodeComponent } from '../component/decode.ts';
import { ComponentFormatError } from '../component/reader.ts';
import type { ComponentShape } from '../component/shape.ts';
import { contractProblems } from '../interfaces/contract.ts';
import { accessOf, exampleOf, withoutVersion } from '../policy/access.ts';
import type { CompiledPolicy, PluginPolicy } from '../policy/compiled.ts';
import { grantsAny } from '../policy/decide.ts';
import { formatPath, problemsOf } from '../policy/problems.ts';
import { type Manifest, manifestSection } from './manifest.ts';
import { manifestSchema } from './manifest-schema.ts';
import type { Candidate } from './plugin-files.ts';
import { SignatureError } from './signature/error.ts';
import { type Signer, verifyBundle } from './signature/verify.ts';

/** What was found of one component as the plugin for one type, under one policy. */
export interface Verdict {
  readonly type: string;
  /** SHA-256 of the component, hexadecimal. */
  readonly digest: string;
  /** Who vouches for it, by the policy's names. */
  readonly signers: readonly string[];
  /** Why it may not run; none where it may. */
  readonly problems: readonly string[];
}

/** A policy with its keys and trusted roots read. */
export interface JudgingPolicy {
  readonly policy: CompiledPolicy;
  /** Path of the policy file, for what is said. */
  readonly path: string;
  /** By name; those of signers who sign nothing (`release`, digests) are left out. */
  readonly signers: ReadonlyMap<string, Signer>;
}

/** Says whether a component may be the plugin for its type: not denied, vouched for, not older than it may be, asking for no more than it is granted. */
export function judge(candidate: Candidate, bundles: readonly string[], judging: JudgingPolicy): Verdict {
  const { type, digest } = candidate;
  const { policy } = judging;
  const refused = (problem: string, signers: readonly string[] = []): Verdict => ({
    type,
    digest,
    signers,
    problems: [problem],
  });
  if (policy.deny.includes(digest)) return refused(`${candidate.path} (sha256:${digest}) is on the deny list`);
  const plugin = Object.hasOwn(policy.plugins, type) ? policy.plugins[type] : undefined;
  if (plugin === undefined) return refused(`${judging.path} says nothing of plugins for type ${type}`);
  const { signers, refusals } = vouchers(candidate, bundles, plugin.signers, judging);
  if (signers.length < plugin.threshold) return refused(notVouched(candidate, plugin, signers, refusals), signers);
  const missing = missingAttestations(candidate, bundles, plugin, judging);
  if (missing.length > 0) return refused(missing.join('; '), signers);
  return { type, digest, signers, problems: problemsInside(candidate, plugin, judging) };
}

interface Vouchers {
  readonly signers: readonly string[];
  readonly refusals: readonly string[];
}

function vouchers(
  candidate: Candidate,
  bundles: readonly string[],
  names: readonly string[],
  judging: JudgingPolicy,
): Vouchers {
  const signers: string[] = [];
  const refusals: string[] = [];
  for (const name of new Set(names)) {
    const refusal = refusalOf(name, candidate, bundles, judging);
    if (refusal === undefined) signers.push(name);
    else refusals.push(`${name}: ${refusal}`);
  }
  return { signers, refusals };
}

/** Why a signer does not vouch for a component; undefined where they do. */
function refusalOf(
  name: string,
  candidate: Candidate,
  bundles: readonly string[],
  { policy, signers }: JudgingPolicy,
): string | undefined {
  const signer = policy.signers[name];
  switch (signer?.kind) {
    case 'release':
      if (candidate.pin === candidate.digest) return undefined;
      return candidate.pin === undefined ? 'it is not part of the release' : `the release pins sha256:${candidate.pin}`;
    case 'digests':
      return signer.digests.includes(candidate.digest) ? undefined : 'its digest is not among those pinned';
    case 'key':
    case 'keyless': {
      const wanted = signers.get(name);
      return wanted && refusalByBundles(candidate, bundles, wanted, (kind) => kind === 'message');
    }
    case undefined:
      return 'there is no such signer';
  }
}

function refusalByBundles(
  { bytes }: Candidate,
  bundles: readonly string[],
  signer: Signer,
  isWanted: (kind: 'message' | 'attestation', predicateType: string) => boolean,
): string | undefined {
  const reasons: string[] = [];
  for (const bundleText of bundles) {
    try {
      const { content } = verifyBundle({ bytes, bundleText }, signer);
      if (isWanted(content.kind, content.kind === 'attestation' ? content.predicateType : '')) return undefined;
      reasons.push(
        `the bundle is ${content.kind === 'message' ? 'a signature' : `an attestation of type ${content.predicateType}`}`,
      );
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      reasons.push(error.message);
    }
  }
  return reasons.length === 0 ? 'there is no signature beside it' : [...new Set(reasons)].join(', ');
}

function notVouched(
  { path, digest }: Candidate,
  { threshold, line }: PluginPolicy,
  signers: readonly string[],
  refusals: readonly string[],
): string {
  const who =
    signers.length === 0 ? 'nobody whom the policy trusts vouches for it' : `only ${signers.join(', ')} vouches for it`;
  const need = threshold > 1 ? ` and ${threshold} have to` : '';
  return `${path} (sha256:${digest}): ${who}${need} (line ${line} of the policy): ${refusals.join('; ')}`;
}

function missingAttestations(
  candidate: Candidate,
  bundles: readonly string[],
  plugin: PluginPolicy,
  judging: JudgingPolicy,
): string[] {
  return plugin.attestations.flatMap(({ predicateType, signers }) => {
    const refusals = signers.map((name) => {
      const signer = judging.signers.get(name);
      if (signer === undefined) return `${name} does not sign`;
      return refusalByBundles(
        candidate,
        bundles,
        signer,
        (kind, type) => kind === 'attestation' && type === predicateType,
      );
    });
    if (refusals.includes(undefined)) return [];
    return [`${candidate.path}: an attestation of type ${predicateType} is required: ${refusals.join('; ')}`];
  });
}

/** What speaks against a component that is vouched for. */
function problemsInside(candidate: Candidate, plugin: PluginPolicy, judging: JudgingPolicy): readonly string[] {
  try {
    const shape = decodeComponent(candidate.bytes);
    const manifest = parseManifest(candidate);
    return [
      ...(manifest.types.includes(candidate.type)
        ? []
        : [`its manifest does not say that it is a plugin for type ${candidate.type}`]),
      ...olderThanAllowed(manifest, plugin),
      ...contractProblems(shape),
      ...excess(shape, manifest, candidate.type, plugin, judging.path),
    ];
  } catch (error) {
    if (error instanceof ComponentFormatError)
      return [`${candidate.path} is not a component that can run here: ${error.message}`];
    if (error instanceof ZodError) {
      return problemsOf(error).map(({ path, message }) => `its manifest: ${formatPath(path)}: ${message}`);
    }
    if (error instanceof SyntaxError) return [`its manifest is not JSON: ${error.message}`];
    throw error;
  }
}

function parseManifest({ bytes, path }: Candidate): Manifest {
  const section = customSection(bytes, manifestSection);
  if (section === undefined) throw new ComponentFormatError(`${path} has no manifest`);
  return manifestSchema.parse(JSON.parse(new TextDecoder().decode(section))) as Manifest;
}

function olderThanAllowed({ version }: Manifest, { minimumVersion }: PluginPolicy): readonly string[] {
  if (minimumVersion === undefined || compareVersions(version, minimumVersion) >= 0) return [];
  return [`it is version ${version}, and the policy wants ${minimumVersion} at least`];
}

/** Negative where `a` is older. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Imports that the manifest does not ask for, or that the policy does not grant. */
function excess(
  { imports }: ComponentShape,
  { reasons = {} }: Manifest,
  type: string,
  { rules, missing }: PluginPolicy,
  policyPath: string,
): readonly string[] {
  const asked = new Set(Object.keys(reasons).map(withoutVersion));
  return [...imports.keys()].flatMap((id) => {
    const name = withoutVersion(id);
    const kinds = accessOf(id);
    if (kinds.length === 0) return [];
    if (!asked.has(name)) return [`it imports ${name}, which its manifest does not ask for`];
    if (missing === 'deny-at-call' || grantsAny(rules, kinds)) return [];
    return [
      `it imports ${name}, which it is not granted; add to plugins.${type}.grants in ${policyPath}: ${exampleOf(name)}`,
    ];
  });
}
