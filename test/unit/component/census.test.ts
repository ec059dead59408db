import { describe, expect, test } from 'vitest';
import { decodeComponent } from '../../../host/component/decode.ts';
import { capMemory, MemoryTooLarge } from '../../../host/component/memory-guard.ts';
import { ComponentFormatError } from '../../../host/component/reader.ts';
import {
  type Bytes,
  component,
  coreInstances,
  coreModule,
  declared,
  exported,
  flags,
  functionOf,
  imports,
  instances,
  instanceType,
  list,
  module,
  nested,
  option,
  record,
  result,
  section,
  tuple,
  types,
  u8,
  variant,
  vector,
} from './writer.ts';

/** Milliseconds for looking at a component, on a slow machine. */
const soon = 5000;

function expectRefused(bytes: Uint8Array, why: string): void {
  const started = performance.now();
  let thrown: unknown;
  try {
    decodeComponent(bytes);
  } catch (error) {
    thrown = error;
  }
  expect(performance.now() - started).toBeLessThan(soon);
  expect(thrown).toBeInstanceOf(ComponentFormatError);
  expect((thrown as Error).message).toBe(why);
}

/** What `make` makes of the one before, so often. */
function levels<T>(first: T, count: number, make: (before: T) => T): T {
  let made = first;
  for (let i = 0; i < count; i++) made = make(made);
  return made;
}

/** Types that are each made of the one before. */
const chain = (length: number, make: (before: number) => Bytes): Uint8Array =>
  component(types(u8, ...Array.from({ length }, (_, i) => make(i))));

describe('a type', () => {
  test.each<[string, (before: number) => Bytes]>([
    ['tuple', (t) => tuple(t, t)],
    ['record', (t) => record(t, t)],
    ['variant', (t) => variant(t, t)],
    ['result', (t) => result(t, t)],
  ])('that is a %s of two of the one before, 40 deep, is refused before it is written out', (_, make) => {
    expectRefused(chain(40, make), 'a type is too large');
    expect(() => decodeComponent(chain(12, make))).not.toThrow();
  });

  test.each<[string, (before: number) => Bytes]>([
    ['list', list],
    ['option', option],
    ['tuple', (t) => tuple(t)],
    ['record', (t) => record(t)],
  ])('that is a %s of one of the one before, 100000 deep, is refused before anything follows it down', (_, make) => {
    expectRefused(chain(100_000, make), 'a type is too large');
    expect(() => decodeComponent(chain(60, make))).not.toThrow();
  });

  test('of a function is not larger for being a parameter', () => {
    const large = Array.from({ length: 12 }, (_, i) => tuple(i, i));
    expectRefused(component(types(u8, ...large, functionOf(12, 12))), 'a type is too large');
    expect(() => decodeComponent(component(types(u8, ...large, functionOf(12))))).not.toThrow();
  });

  test('may have many names, but not very many', () => {
    expect(() => decodeComponent(component(types(flags(9999))))).not.toThrow();
    expectRefused(component(types(flags(10_000))), 'a type is too large');
  });
});

describe('definitions', () => {
  test('are counted', () => {
    const many = (count: number) => component(section(7, vector(Array.from({ length: count }, () => u8))));
    expect(() => decodeComponent(many(200_000))).not.toThrow();
    expectRefused(many(200_001), 'too many definitions');
  });

  test('of an instance type count each time that it is used', () => {
    const used = (times: number) =>
      component(
        types(instanceType(declared(flags(5000)))),
        imports(...Array.from({ length: times }, (_, i) => [`a:b/c${i}`, 0] as const)),
      );
    expect(() => decodeComponent(used(30))).not.toThrow();
    expectRefused(used(50), 'too many definitions');
  });

  test('of instance types, each of which uses the one in it twice, are not all read', () => {
    const twice = (inner: Bytes) =>
      instanceType(declared(inner), exported('a', 'instance', 0), exported('b', 'instance', 0));
    expectRefused(component(types(levels(instanceType(), 28, twice))), 'too many definitions');
  });

  test('of instance types in one another go so deep and no deeper', () => {
    const inside = (inner: Bytes) => instanceType(declared(inner));
    expect(() => decodeComponent(component(types(levels(instanceType(), 30, inside))))).not.toThrow();
    for (const depth of [33, 2000])
      expectRefused(component(types(levels(instanceType(), depth, inside))), 'nested more than 32 deep');
  });
});

describe('components inside of a component', () => {
  const inside = (each: Bytes) => (inner: Uint8Array) => component(nested(inner), each);

  test('that are made twice on each of 30 levels are not all made', () => {
    expectRefused(levels(component(), 30, inside(instances(0, 0))), 'too many definitions');
  });

  test('go so deep and no deeper', () => {
    expect(() => decodeComponent(levels(component(), 30, inside(instances(0))))).not.toThrow();
    for (const depth of [33, 2000])
      expectRefused(levels(component(), depth, inside(instances(0))), 'nested more than 32 deep');
  });

  test('have no more core instances or memories together than one may have', () => {
    const memory = module(section(5, vector([[0x00, 0x01]])));
    const inner = component(coreModule(memory), coreInstances(0));
    expect(() => decodeComponent(component(nested(inner), instances(0)))).not.toThrow();
    expectRefused(component(nested(inner), instances(0, 0)), 'more than one memory');
    const many = component(coreModule(module()), coreInstances(...Array<number>(20).fill(0)));
    expectRefused(component(nested(many), instances(0, 0)), 'more than 32 core instances');
  });
});

describe('core modules', () => {
  const memory = module(section(5, vector([[0x00, 0x01]])));

  test('with a memory may be one, made once', () => {
    expect(() =>
      decodeComponent(component(coreModule(memory), coreModule(module()), coreInstances(0, 1, 1))),
    ).not.toThrow();
    expectRefused(component(coreModule(memory), coreInstances(0, 0)), 'more than one memory');
    expectRefused(component(coreModule(memory), coreModule(memory), coreInstances(0, 1)), 'more than one memory');
  });

  test('are made 32 times at most', () => {
    const many = (count: number) => component(coreModule(module()), coreInstances(...Array<number>(count).fill(0)));
    expect(() => decodeComponent(many(32))).not.toThrow();
    expectRefused(many(33), 'more than 32 core instances');
  });
});

describe('a table', () => {
  const table = (...limits: readonly number[][]) => module(section(4, vector(limits.map((one) => [0x70, ...one]))));
  const most = 65_536;
  /** 10 million. */
  const large = [0x80, 0xad, 0xe2, 0x04];

  test('that starts with ten million entries is not made', () => {
    expect(() => capMemory(table([0x00, ...large]), 1 << 26)).toThrow(MemoryTooLarge);
    expect(() => capMemory(table([0x01, ...large, ...large]), 1 << 26)).toThrow('starts with 80000000 bytes of memory');
  });

  test('does not grow to that either, whatever its own limit is', () => {
    for (const limits of [
      [0x00, 0x01],
      [0x01, 0x01, ...large],
    ]) {
      const growing = module(
        section(1, vector([[0x60, 0x01, 0x7f, 0x01, 0x7f]])),
        section(3, vector([[0x00]])),
        section(4, vector([[0x70, ...limits]])),
        section(7, vector([[0x01, 0x67, 0x00, 0x00]])),
        section(10, vector([[0x09, 0x00, 0xd0, 0x70, 0x20, 0x00, 0xfc, 0x0f, 0x00, 0x0b]])),
      );
      const made = new WebAssembly.Instance(new WebAssembly.Module(capMemory(growing, 1 << 26)), {});
      const grow = made.exports.g as (by: number) => number;
      expect([grow(10_000_000), grow(most), grow(most - 1), grow(1)]).toEqual([-1, -1, 1, -1]);
    }
  });

  test('is the only one, of functions', () => {
    for (const other of [table([0x00, 0x01], [0x00, 0x01]), module(section(4, vector([[0x6f, 0x00, 0x01]])))])
      expect(() => capMemory(other, 1 << 26)).toThrow(ComponentFormatError);
  });

  test('and a memory are each the only one of their module', () => {
    const twoMemories = module(
      section(
        5,
        vector([
          [0x00, 0x01],
          [0x00, 0x01],
        ]),
      ),
    );
    expect(() => capMemory(twoMemories, 1 << 26)).toThrow(ComponentFormatError);
  });
});
