import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Exchange } from '../../native/wasmtime/exchange.ts';

describe('the memory that values cross in', () => {
  /** What the Rust side was told last, and whether it takes the next. */
  let shared: { readonly numbers: Float64Array; readonly bytes: Uint8Array };
  let takes: boolean;
  let exchange: Exchange;
  beforeEach(() => {
    takes = true;
    exchange = new Exchange((numbers, bytes) => {
      if (takes) shared = { numbers, bytes };
      return takes;
    });
  });
  afterEach(() => vi.restoreAllMocks());

  const failing = new RangeError('Array buffer allocation failed');
  function fail(): never {
    throw failing;
  }
  const big = { numbers: 1_000_000, bytes: 10_000_000 };
  const grow = () => exchange.reserve(big.numbers, big.bytes);

  /** That both sides have the same, by what is written and read. */
  function assertShared(): void {
    exchange.rewind();
    exchange.putNumber(7);
    exchange.putInteger(-1n);
    exchange.putText('text');
    expect([...shared.numbers.subarray(0, 3)]).toEqual([7, Number.NaN, 4]);
    expect(Buffer.from(shared.bytes.subarray(0, 4)).toString()).toBe('text');
    shared.numbers[0] = 8;
    shared.bytes[0] = 'n'.charCodeAt(0);
    exchange.rewind();
    expect([exchange.number(), exchange.integer()]).toEqual([8, -1n]);
    expect(exchange.text(exchange.number())).toBe('next');
  }

  test('is the same for both', () => {
    assertShared();
    grow();
    expect(shared.numbers.length).toBeGreaterThanOrEqual(big.numbers);
    expect(shared.bytes.length).toBeGreaterThanOrEqual(big.bytes);
    assertShared();
  });

  test('keeps what is in it when it grows', () => {
    exchange.putNumber(7);
    exchange.putText('text');
    grow();
    exchange.rewind();
    expect([exchange.number(), exchange.text(exchange.number())]).toEqual([7, 'text']);
  });

  test.each([
    ['bytes', () => vi.spyOn(Buffer, 'alloc').mockImplementationOnce(fail)],
    ['numbers', () => vi.spyOn(globalThis, 'Float64Array').mockImplementationOnce(fail)],
  ])('is as it was where there is none for the %s', (_, spy) => {
    const before = shared;
    spy();
    expect(grow).toThrow(failing);
    expect(shared).toBe(before);
    assertShared();
    grow();
    assertShared();
  });

  test('is as it was where the Rust side does not take it', () => {
    takes = false;
    expect(grow).toThrow('cannot be shared');
    takes = true;
    assertShared();
  });

  test('is as big as at first again after a call that needed a lot', () => {
    const first = shared;
    exchange.reserve(10_000, 100_000);
    const kept = shared;
    exchange.trim();
    expect(shared).toBe(kept);
    for (const [numbers, bytes] of [
      [big.numbers, 0],
      [0, big.bytes],
    ] as const) {
      exchange.reserve(numbers, bytes);
      exchange.trim();
      expect(shared).toEqual(first);
      assertShared();
    }
  });
});
