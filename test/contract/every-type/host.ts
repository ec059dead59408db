import type { HostImports } from '../../../host/engine/engine.ts';
import { HostFault } from '../../../host/engine/errors.ts';

/** The host's side: gives back what it gets, and remembers it. */
export function makeHost() {
  const seen: unknown[] = [];
  const dropped: number[] = [];
  class Counter {
    static made = 0;
    value_: number;
    constructor(start: number) {
      Counter.made++;
      this.value_ = start;
    }
    add(by: number) {
      this.value_ += by;
      return this.value_;
    }
    value() {
      return this.value_;
    }
    twin(other: unknown) {
      return other === this;
    }
    static total() {
      return Counter.made - dropped.length;
    }
    [Symbol.dispose]() {
      dropped.push(this.value_);
    }
  }
  const echo = (v: unknown) => {
    seen.push(v);
    return v;
  };
  const fallible = (v: { tag: 'ok' | 'err'; val?: unknown }) => {
    seen.push(v);
    if (v.tag === 'err') throw new HostFault((v.val ?? {}) as object, 'mirrored');
    return v.val;
  };
  const names =
    `bools s8s u8s s16s u16s s32s u32s s64s u64s f32s f64s chars strings bytes texts longs points pairs seasons rightsOf
    shapes allShapes records options textOptions nestedOptions tuples like`.split(/\s+/);
  const imports: HostImports = {
    'test:every/host-mirror@1.0.0': {
      ...Object.fromEntries(names.map((name) => [name, echo])),
      results: fallible,
      fallible,
      unitResults: fallible,
      many: (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown) => {
        echo([a, b, c, d, e]);
        return [String(c), String(e)];
      },
    },
    'test:every/clash@1.0.0': {
      make: (x: string) => ({ x: `${x}!` }),
      fail: (text: string) => {
        throw new HostFault({ text: `${text}?` }, 'no');
      },
    },
    'test:every/counters@1.0.0': {
      Counter,
      take: (counter: Counter) => {
        counter[Symbol.dispose]();
        return counter.value_;
      },
      look: (plan: { tag: string; val?: { name: string; held: Counter } }) => plan.val?.held.value_ ?? 0,
    },
    inline: { double: (v: number) => v * 2 },
    plain: { default: (text: string) => text.toUpperCase() },
  };
  return { imports, seen, dropped, Counter };
}
