import { fail } from 'bulkhead-sdk/failure';
import { quoted } from 'bulkhead-sdk/quote';

/** CNI_ARGS: `K=V;K=V`, read as strictly as the reference (containernetworking/cni pkg/types/args.go). */
export class Arguments {
  private constructor(private values: Map<string, string>) {}

  /** Fails where the text has another form, or has keys that are not known without IgnoreUnknown. */
  static parse(text: string, known: string[]): Arguments {
    const values = new Map<string, string>();
    const unknown: string[] = [];
    let ignoreUnknown = false;
    const pairs: string[] = text === '' ? [] : text.split(';');
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i].split('=');
      if (pair.length !== 2) fail(`ARGS: invalid pair ${quoted(pairs[i])}`);
      if (pair[0] === 'IgnoreUnknown') ignoreUnknown = parseFlag(pairs[i], pair[1]);
      else if (known.includes(pair[0])) values.set(pair[0], pair[1]);
      else unknown.push(quoted(pairs[i]));
    }
    if (unknown.length > 0 && !ignoreUnknown) fail(`ARGS: unknown args [${unknown.join(' ')}]`);
    return new Arguments(values);
  }

  /** Empty where the key is not there. */
  get(key: string): string {
    return this.values.has(key) ? this.values.get(key) : '';
  }
}

function parseFlag(pair: string, value: string): bool {
  const lower = value.toLowerCase();
  if (lower === '1' || lower === 'true') return true;
  if (lower === '0' || lower === 'false') return false;
  const reason = `boolean unmarshal error: invalid input ${value}`;
  return fail<bool>(`ARGS: error parsing value of pair ${quoted(pair)}: ${reason}`);
}
