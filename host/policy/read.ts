import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import { type FileStamp, stampOf } from '../system/file-stamp.ts';
import { assertTrusted, UntrustedFile } from '../system/trusted-file.ts';
import type { AccessKind } from './access.ts';
import type { CompiledPolicy, CompiledSigner, PluginPolicy } from './compiled.ts';
import { PolicyError } from './policy-error.ts';
import { formatPath, type Problem, problemsOf } from './problems.ts';
import type { Rule } from './rule.ts';
import { type PolicyDocument, policySchema } from './schema.ts';

/** The policy that ships with a release. */
export const defaultPolicyFile = fileURLToPath(new URL('default-policy.yaml', import.meta.url));

/** No policy is larger. */
const largest = 4 * 1024 * 1024;

/**
 * Reads a policy and the files that it names. All or nothing: throws PolicyError with everything that is wrong with it, and where
 * somebody else could have written any of these files. `problemWith` says what is wrong with a signer, beyond what can be read here.
 */
export function readPolicy(path: string, problemWith: CheckSigner = () => undefined): CompiledPolicy {
  const sources: FileStamp[] = [];
  const read = (file: string) => {
    const { text, source } = readTrusted(file);
    sources.push(source);
    return text;
  };
  const { content, lineAt } = parse(path, readFirst(path, read));
  const refusal = (problems: readonly Problem[]) =>
    new PolicyError(
      path,
      problems.map((one) => describe(one, lineAt)),
    );
  const parsed = policySchema.safeParse(content);
  if (!parsed.success) throw refusal(problemsOf(parsed.error));
  const unknown = unknownSigners(parsed.data);
  if (unknown.length > 0) throw refusal(unknown);
  const { signers, problems } = compileSigners(
    parsed.data.signers,
    (file) => read(resolve(dirname(path), file)),
    problemWith,
  );
  if (problems.length > 0) throw refusal(problems);
  const plugins = Object.entries(parsed.data.plugins).map(([type, plugin]) => [
    type,
    compilePlugin(plugin, lineAt(['plugins', type]), (i) => lineAt(['plugins', type, 'grants', i])),
  ]);
  return {
    mode: parsed.data.mode,
    signers,
    plugins: Object.fromEntries(plugins),
    deny: parsed.data.deny.map(withoutAlgorithm),
    sources,
  };
}

export type CheckSigner = (name: string, signer: CompiledSigner) => string | undefined;

function readFirst(path: string, read: (file: string) => string): string {
  try {
    return read(path);
  } catch (error) {
    if (isUnreadable(error)) throw new PolicyError(path, [error.message]);
    throw error;
  }
}

type LineAt = (path: readonly PropertyKey[]) => number;

function parse(path: string, text: string): { readonly content: unknown; readonly lineAt: LineAt } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  const problems = [...document.errors, ...document.warnings].map(
    ({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`,
  );
  if (problems.length > 0) throw new PolicyError(path, problems);
  return { content: contentOf(path, document), lineAt: (keys) => lineOf(document, lines, keys) };
}

function contentOf(path: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Of an alias that stands for nothing, or for too much.
    if (error instanceof ReferenceError) throw new PolicyError(path, [error.message]);
    throw error;
  }
}

/** The line of the innermost part of a path that is there. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const keys = path.slice(0, length);
    const above = document.getIn(keys.slice(0, -1), true);
    const pair = isMap(above) ? above.items.find(({ key }) => String(key) === String(keys.at(-1))) : undefined;
    const node = pair?.key ?? document.getIn(keys, true);
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return 1;
}

function describe({ path, message }: Problem, lineAt: LineAt): string {
  const where = formatPath(path);
  return `line ${lineAt(path)}: ${where === '' ? '' : `${where}: `}${message}`;
}

function unknownSigners({ signers, plugins }: PolicyDocument): readonly Problem[] {
  const check = (names: readonly string[], path: readonly PropertyKey[]) =>
    names.flatMap((name, i) =>
      Object.hasOwn(signers, name) ? [] : [{ path: [...path, i], message: `there is no signer "${name}"` }],
    );
  return Object.entries(plugins).flatMap(([type, { signers: names, threshold, attestations }]) => [
    ...check(names, ['plugins', type, 'signers']),
    ...attestations.flatMap((one, i) => check(one.signers, ['plugins', type, 'attestations', i, 'signers'])),
    ...(threshold > new Set(names).size
      ? [{ path: ['plugins', type, 'threshold'], message: `${threshold} of ${new Set(names).size} signers cannot be` }]
      : []),
  ]);
}

function compileSigners(
  signers: PolicyDocument['signers'],
  read: (file: string) => string,
  problemWith: CheckSigner,
): { readonly signers: Readonly<Record<string, CompiledSigner>>; readonly problems: readonly Problem[] } {
  const compiled: [string, CompiledSigner][] = [];
  const problems: Problem[] = [];
  for (const [name, signer] of Object.entries(signers)) {
    try {
      const one = compileSigner(signer, read);
      const message = problemWith(name, one);
      if (message !== undefined) problems.push({ path: ['signers', name], message });
      compiled.push([name, one]);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      problems.push({ path: ['signers', name], message: error.message });
    }
  }
  return { signers: Object.fromEntries(compiled), problems };
}

function compileSigner(signer: PolicyDocument['signers'][string], read: (file: string) => string): CompiledSigner {
  if (signer === 'release') return { kind: 'release' };
  if ('key' in signer) return { kind: 'key', pem: read(signer.key) };
  if ('digests' in signer) return { kind: 'digests', digests: signer.digests.map(withoutAlgorithm) };
  return { kind: 'keyless', ...signer, trustedRoot: read(signer.trustedRoot) };
}

function compilePlugin(
  { grants, limits, ...plugin }: PolicyDocument['plugins'][string],
  line: number,
  lineOfGrant: (i: number) => number,
): PluginPolicy {
  return {
    ...plugin,
    line,
    limits: limits as Readonly<Record<string, number>>,
    rules: grants.map((grant, i) => compileGrant(grant, lineOfGrant(i))),
  };
}

function compileGrant(grant: PolicyDocument['plugins'][string]['grants'][number], line: number): Rule {
  if (typeof grant === 'string') return { allow: grant, line };
  const [[allow, fields] = []] = Object.entries(grant);
  return { allow: allow as AccessKind, line, ...fields };
}

function withoutAlgorithm(digest: string): string {
  return digest.slice('sha256:'.length);
}

/** Throws UntrustedFile, or what the system says. */
function readTrusted(path: string): { readonly text: string; readonly source: FileStamp } {
  assertTrusted(path);
  const source = stampOf(path);
  if (Number(source.size) > largest)
    throw new UntrustedFile(`${path} has ${source.size} bytes, and may have ${largest}`);
  return { text: readFileSync(path, 'utf8'), source };
}

function isUnreadable(error: unknown): error is Error {
  return error instanceof UntrustedFile || (error instanceof Error && 'syscall' in error);
}
