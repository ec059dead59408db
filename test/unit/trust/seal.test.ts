import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Seal } from '../../../host/trust/seal.ts';

/** What a seal is over, spelled out. */
function spelled(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map(Buffer.from).flatMap((bytes) => [Buffer.from(`${bytes.length}:`), bytes]));
}

describe('a seal', () => {
  test.each([0, 1, 31, 32, 63, 64])('is HMAC-SHA256 under a key of %d bytes, of texts and of bytes', (length) => {
    const key = randomBytes(length);
    for (const text of ['', 'x', 'ü\u{1f680}', 'line\n'.repeat(1000)]) {
      for (const parts of [[text], ['head', text], [Buffer.from(text)], [text, Buffer.from(text), 'end']]) {
        const wanted = createHmac('sha256', key).update(spelled(parts)).digest('hex');
        expect(new Seal(key).over(parts)).toBe(wanted);
      }
    }
  });

  test('matches what it is over, and nothing else', () => {
    const seal = new Seal(randomBytes(32));
    const value = seal.over(['a', 'b']);
    expect(seal.matches(value, ['a', 'b'])).toBe(true);
    for (const parts of [['ab'], ['a'], ['b', 'a'], ['a', 'b', '']]) expect(seal.matches(value, parts)).toBe(false);
    expect(seal.for('purpose').matches(value, ['a', 'b'])).toBe(false);
    expect(seal.matches(value.slice(1), ['a', 'b'])).toBe(false);
  });
});
