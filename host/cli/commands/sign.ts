import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPair, readPrivateKey } from '../../trust/signature/private-key.ts';
import { type KeyAlgorithm, readPublicKey } from '../../trust/signature/public-key.ts';
import { signBundle } from '../../trust/signature/sign.ts';
import { readTrustedRoot } from '../../trust/signature/trusted-root.ts';
import { type Signer, verifyBundle } from '../../trust/signature/verify.ts';
import { UsageError } from '../errors.ts';

/** Where a passphrase comes from: never the command line, which others can see. */
const passphraseVariable = 'BULKHEAD_PASSPHRASE';

/** Makes a key pair: NAME.key, for its owner alone, and NAME.pub. */
export function keygenCommand(name: string, { type }: { readonly type: string }): void {
  if (type !== 'ecdsa-p256' && type !== 'ed25519')
    throw new UsageError(`there is no key type ${type}: ecdsa-p256 or ed25519`);
  const [privateFile, publicFile] = [`${name}.key`, `${name}.pub`];
  for (const file of [privateFile, publicFile]) if (existsSync(file)) throw new UsageError(`${file} is there already`);
  const passphrase = process.env[passphraseVariable];
  const pair = generateKeyPair(type satisfies KeyAlgorithm, passphrase === '' ? undefined : passphrase);
  writeFileSync(privateFile, pair.privateKey, { mode: 0o600, flag: 'wx' });
  writeFileSync(publicFile, pair.publicKey, { flag: 'wx' });
  const note = passphrase ? '' : ` (not encrypted: set ${passphraseVariable} for a passphrase)`;
  console.log(`${privateFile}  to sign with${note}`);
  console.log(`${publicFile}  for policies  sha256 ${readPublicKey(pair.publicKey).id}`);
}

/** Signs a component: its bundle beside it. */
export function signCommand(file: string, { key, bundle }: { readonly key: string; readonly bundle?: string }): void {
  const privateKey = readPrivateKey(readFileSync(key, 'utf8'), process.env[passphraseVariable]);
  const out = bundle ?? `${file}.sigstore.json`;
  writeFileSync(out, signBundle(readFileSync(file), privateKey));
  console.log(`${out}  signed with key sha256 ${privateKey.publicKey.id}`);
}

export interface VerifyOptions {
  readonly key?: string;
  readonly identity?: string;
  readonly issuer?: string;
  readonly trustedRoot?: string;
  readonly bundle?: string;
  readonly json?: boolean;
}

/** Verifies that somebody vouches for a file: by a key, or by an identity. */
export function verifyCommand(file: string, options: VerifyOptions): void {
  const signer = signerOf(options);
  const bundle = options.bundle ?? `${file}.sigstore.json`;
  const voucher = verifyBundle({ bytes: readFileSync(file), bundleText: readFileSync(bundle, 'utf8') }, signer);
  if (options.json) {
    console.log(JSON.stringify(voucher));
    return;
  }
  const { signer: who, content } = voucher;
  const name = who.kind === 'key' ? `key sha256 ${who.id}` : `${who.identity} (${who.issuer})`;
  const what = content.kind === 'message' ? 'signed' : `attested as ${content.predicateType}`;
  console.log(`${file} is ${what} by ${name}`);
}

function signerOf({ key, identity, issuer, trustedRoot }: VerifyOptions): Signer {
  if (key !== undefined && identity === undefined) {
    return { kind: 'key', key: readPublicKey(readFileSync(key, 'utf8')) };
  }
  if (key !== undefined || identity === undefined || issuer === undefined || trustedRoot === undefined) {
    throw new UsageError('say whom to trust: --key, or --identity with --issuer and --trusted-root');
  }
  const thresholds = { logs: 1, timestamps: 1, certificateLogs: 1 };
  return {
    kind: 'keyless',
    identity,
    issuer,
    trustedRoot: readTrustedRoot(readFileSync(trustedRoot, 'utf8')),
    thresholds,
  };
}
