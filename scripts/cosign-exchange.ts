// Bundles both ways between Bulkhead and cosign itself: `node scripts/cosign-exchange.ts [--record DIRECTORY]`.
// Takes the cosign that $COSIGN names or that is in the PATH, else builds it with Go, which takes minutes. Needs no network
// otherwise. With --record, what cosign made is kept as fixtures for the tests. Exits with 1 if anything came out otherwise
// than expected.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateKeyPair, readPrivateKey } from '../host/trust/signature/private-key.ts';
import { type KeyAlgorithm, readPublicKey } from '../host/trust/signature/public-key.ts';
import { signBundle } from '../host/trust/signature/sign.ts';
import { verifyBundle } from '../host/trust/signature/verify.ts';

const cosignModule = 'github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3';
const algorithms: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ed25519'];
const artifact = 'blob';
/** No log: neither is there one to be reached, nor does a key need one. */
const unlogged = ['--yes', '--use-signing-config=false', '--tlog-upload=false', '--new-bundle-format=true'];
const { values: options } = parseArgs({ options: { record: { type: 'string' } } });

const cosign = findCosign();
const directory = mkdtempSync(join(tmpdir(), 'cosign-exchange-'));
try {
  console.log(`cosign ${/GitVersion: +(\S+)/.exec(run(['version']).output)?.[1]}\n`);
  writeFileSync(join(directory, artifact), 'bytes that are signed\n');
  writeFileSync(join(directory, 'tampered'), 'bytes that are signed?\n');
  writeFileSync(join(directory, 'predicate.json'), JSON.stringify(provenance()));
  signWithOwnKeys();
  for (const algorithm of algorithms) exchange(algorithm);
  if (options.record !== undefined) record(options.record);
} finally {
  rmSync(directory, { recursive: true });
}

/** cosign with keys that it made itself, which are ECDSA P-256. */
function signWithOwnKeys(): void {
  run(['generate-key-pair']);
  run(['sign-blob', ...unlogged, '--key', 'cosign.key', '--bundle', 'cosign.sigstore', artifact]);
  verifyHere('cosign.sigstore', artifact, 'cosign', 'accepted');
  verifyHere('cosign.sigstore', 'tampered', 'cosign', 'refused');
}

/** Both ways, with keys made by Bulkhead. */
function exchange(algorithm: KeyAlgorithm): void {
  makeKeys(algorithm);
  const key = `${algorithm}.key`;

  const message = `${algorithm}.sigstore`;
  run(['sign-blob', ...unlogged, '--key', key, '--bundle', message, artifact]);
  verifyHere(message, artifact, algorithm, 'accepted');
  verifyHere(message, 'tampered', algorithm, 'refused');

  const attestation = `${algorithm}-attestation.sigstore`;
  const predicate = ['--predicate', 'predicate.json', '--type', 'slsaprovenance1'];
  run(['attest-blob', ...unlogged, ...predicate, '--key', key, '--bundle', attestation, artifact]);
  // cosign attests with Ed25519ph, which cosign itself does not verify, and does not write down either.
  verifyHere(attestation, artifact, algorithm, algorithm === 'ed25519' ? 'refused' : 'accepted');
  verifyHere(attestation, 'tampered', algorithm, 'refused');

  const ours = `${algorithm}-bulkhead.sigstore`;
  const { key: signingKey, publicKey } = readPrivateKey(read(`${algorithm}.pem`));
  writeFileSync(join(directory, ours), signBundle(readBytes(artifact), { key: signingKey, publicKey }));
  verifyHere(ours, artifact, algorithm, 'accepted');
  verifyThere(ours, artifact, algorithm, 'accepted');
  verifyThere(ours, 'tampered', algorithm, 'refused');
}

/** A pair of keys made by Bulkhead, and the private one imported by cosign. */
function makeKeys(algorithm: KeyAlgorithm): void {
  const { privateKey, publicKey } = generateKeyPair(algorithm);
  writeFileSync(join(directory, `${algorithm}.pem`), privateKey, { mode: 0o600 });
  run(['import-key-pair', '--key', `${algorithm}.pem`, '--output-key-prefix', algorithm]);
  report(`cosign reads the ${algorithm} keys of Bulkhead`, read(`${algorithm}.pub`) === publicKey, '');
}

type Verdict = 'accepted' | 'refused';

function verifyHere(bundle: string, file: string, keyName: string, expected: Verdict): void {
  const key = readPublicKey(read(`${keyName}.pub`));
  let verdict: Verdict;
  let words: string;
  try {
    words = JSON.stringify(verifyBundle({ bytes: readBytes(file), bundleText: read(bundle) }, { kind: 'key', key }));
    verdict = 'accepted';
  } catch (error) {
    words = String(error);
    verdict = 'refused';
  }
  report(`Bulkhead on ${bundle} for ${file}: ${verdict}`, verdict === expected, words);
}

function verifyThere(bundle: string, file: string, keyName: string, expected: Verdict): void {
  const key = `${keyName}.pub`;
  const { ok, output } = run(['verify-blob', '--insecure-ignore-tlog', '--key', key, '--bundle', bundle, file]);
  const verdict = ok ? 'accepted' : 'refused';
  report(`cosign on ${bundle} for ${file}: ${verdict}`, verdict === expected, output.trim().split('\n').at(-1) ?? '');
}

function report(what: string, asExpected: boolean, words: string): void {
  if (!asExpected) process.exitCode = 1;
  console.log(`${asExpected ? 'as expected' : 'UNEXPECTED '}  ${what}${words === '' ? '' : `\n             ${words}`}`);
}

/** Keeps what cosign made, without private keys. */
function record(target: string): void {
  mkdirSync(target, { recursive: true });
  const made = algorithms.flatMap((name) => [`${name}.pub`, `${name}.sigstore`, `${name}-attestation.sigstore`]);
  for (const name of [artifact, 'cosign.pub', 'cosign.sigstore', ...made])
    copyFileSync(join(directory, name), join(target, name));
  console.log(`\nrecorded in ${target}`);
}

function provenance(): unknown {
  return {
    buildDefinition: { buildType: 'https://example.org/build', externalParameters: {} },
    runDetails: { builder: { id: 'https://example.org/builder' } },
  };
}

function findCosign(): string {
  const named = process.env.COSIGN;
  if (named !== undefined) return named;
  if (spawnSync('cosign', ['version']).error === undefined) return 'cosign';
  const home = join(tmpdir(), 'bulkhead-cosign');
  const built = join(home, 'bin/cosign');
  if (!existsSync(built)) build(home);
  return built;
}

function build(home: string): void {
  console.log(`building ${cosignModule}`);
  const env = { ...process.env, GOPATH: join(home, 'go'), GOBIN: join(home, 'bin'), GOFLAGS: '-mod=mod -modcacherw' };
  const { status, error } = spawnSync('go', ['install', cosignModule], { env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`cannot build cosign: ${error?.message ?? `go install ended with ${status}`}`);
}

function run(args: readonly string[]): { ok: boolean; output: string } {
  const env = { ...process.env, COSIGN_PASSWORD: '' };
  const { status, error, stdout, stderr } = spawnSync(cosign, args, { cwd: directory, env, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`cannot run ${cosign}: ${error.message}`);
  return { ok: status === 0, output: stdout + stderr };
}

function read(name: string): string {
  return readFileSync(join(directory, name), 'utf8');
}

function readBytes(name: string): Uint8Array {
  return readFileSync(join(directory, name));
}
