import {
  bitwise,
  comparison,
  comparisons,
  counter,
  extension,
  immediate,
  meta,
  metaKeys,
  NFT_REG_1,
  NFT_REG_VERDICT,
  payload,
  payloadBases,
  verdicts,
} from '../../netlink/netfilter/expressions.ts';
import type { Expression } from '../ruleset.ts';

/** An expression by its name in nf_tables, and its data. */
interface Encoded {
  readonly name?: string | undefined;
  readonly data?: Uint8Array | undefined;
}

export function encodeExpression(expression: Expression): Encoded {
  switch (expression.kind) {
    case 'payload': {
      const { offset, length } = expression;
      const base = payloadBases[expression.base];
      return { name: 'payload', data: payload.encode({ destination: NFT_REG_1, base, offset, length }) };
    }
    case 'meta':
      return { name: 'meta', data: meta.encode({ destination: NFT_REG_1, key: metaKeys[expression.key] }) };
    case 'mask': {
      const mask = fromHex(expression.bytes);
      const registers = { source: NFT_REG_1, destination: NFT_REG_1, length: mask.length };
      const xor = { value: new Uint8Array(mask.length) };
      return { name: 'bitwise', data: bitwise.encode({ ...registers, mask: { value: mask }, xor }) };
    }
    case 'compare': {
      const operator = comparisons[expression.operator];
      const value = fromHex(expression.bytes);
      return { name: 'cmp', data: comparison.encode({ source: NFT_REG_1, operator, data: { value } }) };
    }
    case 'match':
    case 'target': {
      const { kind, name, revision, info } = expression;
      return { name: kind, data: extension.encode({ name, revision, info: fromHex(info) }) };
    }
    case 'counter':
      return { name: 'counter', data: counter.encode({}) };
    case 'masquerade':
      return { name: 'masq', data: new Uint8Array(0) };
    case 'verdict': {
      const chain = 'chain' in expression ? expression.chain : undefined;
      const verdict = { code: verdicts[expression.verdict], chain };
      return { name: 'immediate', data: immediate.encode({ destination: NFT_REG_VERDICT, data: { verdict } }) };
    }
    case 'other':
      throw new TypeError(`the host does not write expression ${expression.name}`);
  }
}

export function decodeExpression({ name = '', data = new Uint8Array(0) }: Encoded): Expression {
  return decoders[name]?.(data) ?? { kind: 'other', name };
}

/** Undefined for what the host never writes. */
const decoders: Readonly<Record<string, (data: Uint8Array) => Expression | undefined>> = {
  payload(data) {
    const { base, offset = 0, length = 0 } = payload.decode(data);
    const found = nameOf(payloadBases, base);
    return found && { kind: 'payload', base: found, offset, length };
  },
  meta(data) {
    const key = nameOf(metaKeys, meta.decode(data).key);
    return key && { kind: 'meta', key };
  },
  bitwise(data) {
    const { mask, xor } = bitwise.decode(data);
    const isMask = mask?.value !== undefined && xor?.value?.every((byte) => byte === 0);
    return isMask ? { kind: 'mask', bytes: toHex(mask.value) } : undefined;
  },
  cmp(data) {
    const found = comparison.decode(data);
    const operator = nameOf(comparisons, found.operator);
    return operator && { kind: 'compare', operator, bytes: toHex(found.data?.value) };
  },
  match: (data) => decodeExtension('match', data),
  target: (data) => decodeExtension('target', data),
  counter: () => ({ kind: 'counter' }),
  masq: () => ({ kind: 'masquerade' }),
  immediate(data) {
    const { code, chain } = immediate.decode(data).data?.verdict ?? {};
    const verdict = nameOf(verdicts, code);
    if (verdict === undefined) return undefined;
    if (verdict === 'jump' || verdict === 'goto') return { kind: 'verdict', verdict, chain: chain ?? '' };
    return { kind: 'verdict', verdict };
  },
};

function decodeExtension(kind: 'match' | 'target', data: Uint8Array): Expression {
  const { name = '', revision = 0, info } = extension.decode(data);
  return { kind, name, revision, info: toHex(info) };
}

function nameOf<T extends Readonly<Record<string, number>>>(table: T, number: number | undefined): keyof T | undefined {
  return Object.keys(table).find((name) => table[name] === number);
}

function toHex(bytes: Uint8Array = new Uint8Array(0)): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
