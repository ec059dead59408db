import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Manifest } from '../trust/manifest.ts';

/** More than these in one error help nobody. */
const mostProblems = 10;

/**
 * What is wrong with a configuration, in the form that its plugin gets, by the JSON Schema in the plugin's manifest: all at once, with
 * paths. Members that are null count as left out, as in Go.
 */
export function configurationProblems({ config }: Manifest, canonical: string): readonly string[] {
  if (config === undefined) return [];
  const before = checked.get(config);
  if (before?.canonical === canonical) return before.problems;
  const problems = problemsOf(config as Schema, canonical);
  checked.set(config, { canonical, problems });
  return problems;
}

/** What was found last, for each schema: containers of a network come with the same configuration. */
const checked = new WeakMap<object, { readonly canonical: string; readonly problems: readonly string[] }>();

function problemsOf(config: Schema, canonical: string): readonly string[] {
  const { errors } = validatorOf(config).validate(withoutNulls(JSON.parse(canonical)));
  const problems = errors.filter(isLeaf).map(({ instanceLocation, error }) => `${pathOf(instanceLocation)}: ${error}`);
  return [...new Set(problems)].slice(0, mostProblems);
}

/** A schema's references are resolved once, as long as its plugin is kept. */
const validators = new WeakMap<Schema, Validator>();

function validatorOf(schema: Schema): Validator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validator = new Validator(schema, '2020-12', false);
  validators.set(schema, validator);
  return validator;
}

/**
 * Runs a plugin with a configuration that has problems. It does not get as far as doing something: either the host refuses it, or
 * the plugin in its own words, with the host's in the details. Throws CniError.
 */
export function refusing<T>(problems: readonly string[], { explainsConfiguration }: Manifest, run: () => T): T {
  if (problems.length === 0) return run();
  const refusal = new CniError(errorCodes.invalidNetworkConfig, `invalid configuration: ${problems.join('; ')}`);
  if (explainsConfiguration !== true) throw refusal;
  try {
    run();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const details = [error.details, ...problems].filter((text) => text !== '').join('; ');
    throw new CniError(error.code, error.message, details, { cause: error });
  }
  throw refusal;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(members.map(([key, item]) => [key, withoutNulls(item)]));
}

/** Errors about a value itself; those of objects and lists only say that there are some inside. */
function isLeaf({ keyword }: OutputUnit): boolean {
  return !['properties', 'items', 'prefixItems', 'allOf', 'anyOf', 'oneOf', '$ref', 'additionalProperties'].includes(
    keyword,
  );
}

/** `#/ipam/ranges/0/subnet` is `ipam.ranges[0].subnet`. */
function pathOf(location: string): string {
  const keys = location.split('/').slice(1);
  return (
    keys.reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`), '') ||
    'the configuration'
  );
}
