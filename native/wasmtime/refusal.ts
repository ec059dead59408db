import type { Fault, LimitName } from './errors.ts';

/** A value did not cross. It is told what is wrong first, then, on the way out, where. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly #why: Why;
  #where = '';

  constructor(why: Why) {
    super();
    this.#why = why;
  }

  /** The same, one step further out: `.args`, `[1]`; at last `add: request`, `read returned`. */
  within(step: string): this {
    this.#where = `${step}${this.#where}`;
    return this;
  }

  get fault(): Fault {
    const why = this.#why;
    if ('wrong' in why) return { code: 'host-value', message: `${this.#where}: ${why.wrong}` };
    return { code: 'limit', limit: why.limit, message: why.tooMany(this.#where) };
  }
}

type Why = { readonly wrong: string } | { readonly limit: LimitName; readonly tooMany: (where: string) => string };

/** `expected u8, got 300` */
export function wrong(expected: string, value: unknown): Refusal {
  return new Refusal({ wrong: `expected ${expected}, got ${describe(value)}` });
}

/** An error of a field or an item, one step further out; of the host's own errors, each as it is. */
export function outwards(step: string | number, error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  return error.within(typeof step === 'number' ? `[${step}]` : `.${step}`);
}

/** The same where the whole begins. */
export function outOf(whole: string, error: unknown): unknown {
  return error instanceof Refusal ? error.within(whole) : error;
}

/** Throws a Refusal where a text has more UTF-16 units than that. */
export function assertLength(text: string, most: number): void {
  if (text.length <= most) return;
  throw tooLong(text.length, most);
}

/** A text has so many UTF-16 units, and may have that many. */
export function tooLong(units: number, most: number): Refusal {
  const tooMany = (where: string) => `${where} has ${units} UTF-16 units, more than the limit of ${most}`;
  return new Refusal({ limit: 'string', tooMany });
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'undefined':
    case 'number':
    case 'boolean':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'string':
      return JSON.stringify(value.slice(0, 40));
    default:
      return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  }
}
