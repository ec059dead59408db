import {
  createHmac,
  createSecretKey,
  type Hmac,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { assertTrusted, readWithoutLinks, UntrustedFile } from '../system/trusted-file.ts';

/** Bytes that SHA-256 takes at a time. */
const block = 64;

/** Authenticates what this machine made for itself: HMAC-SHA256 under its secret, with a purpose of its own for each kind of thing. */
export class Seal {
  /** Of bytes, each HMAC would make such an object again, which takes longer than the rest of it. */
  readonly #key: KeyObject;
  readonly #inner: Uint8Array;
  readonly #outer: Uint8Array;

  /** Of at most 64 bytes. Throws RangeError. */
  constructor(key: Uint8Array) {
    if (key.length > block) throw new RangeError(`a key of ${key.length} bytes is longer than ${block}`);
    this.#key = createSecretKey(key);
    this.#inner = new Uint8Array(block).fill(0x36);
    this.#outer = new Uint8Array(block).fill(0x5c);
    for (const pad of [this.#inner, this.#outer]) for (const [i, byte] of key.entries()) pad[i] = (pad[i] ?? 0) ^ byte;
  }

  /** A seal for one kind of thing: what it sealed is not valid as another kind. */
  for(purpose: string): Seal {
    return new Seal(createHmac('sha256', this.#key).update(purpose).digest());
  }

  /** Over the parts and their lengths. */
  over(parts: readonly (string | Uint8Array)[]): string {
    let hmac: Hmac | undefined;
    let text = '';
    for (const part of parts) {
      text += `${typeof part === 'string' ? Buffer.byteLength(part) : part.length}:`;
      if (typeof part === 'string') text += part;
      else {
        hmac = (hmac ?? createHmac('sha256', this.#key)).update(text).update(part);
        text = '';
      }
    }
    return hmac === undefined ? this.#overText(text) : hmac.update(text).digest('hex');
  }

  /** The same by two hashes (RFC 2104, section 2): of a line, the object that `createHmac` makes costs more than both. */
  #overText(text: string): string {
    const inner = hash('sha256', Buffer.concat([this.#inner, Buffer.from(text)]), 'buffer');
    return hash('sha256', Buffer.concat([this.#outer, inner]), 'hex');
  }

  matches(value: string, parts: readonly (string | Uint8Array)[]): boolean {
    const [given, wanted] = [Buffer.from(value), Buffer.from(this.over(parts))];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

/** Where the secret cannot be used: nothing is authentic, and nothing is sealed. */
export class BrokenSeal extends Seal {
  constructor() {
    super(new Uint8Array());
  }

  override for(): this {
    return this;
  }

  override over(): never {
    throw new UntrustedFile('there is no secret to seal with');
  }

  override matches(): boolean {
    return false;
  }
}

/** For what everybody may make: it shows accidents, not attackers. */
export const openToAll = new Seal(new Uint8Array());

const secretBytes = 32;

/** The machine's secret, which is made where there is none. Throws UntrustedFile where others can read or write it. */
export function openSeal(path: string): Seal {
  if (!existsSync(path)) createSecret(path);
  assertTrusted(path);
  if ((statSync(path).mode & 0o077) !== 0) throw new UntrustedFile(`${path} can be read by others`);
  const key = readWithoutLinks(path, secretBytes);
  if (key.length !== secretBytes) throw new UntrustedFile(`${path} is not a secret of ${secretBytes} bytes`);
  return new Seal(key);
}

function createSecret(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  try {
    writeFileSync(path, randomBytes(secretBytes), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
