import type { Ended } from './bench/call.ts';
import { difference } from './bench/kernel-view.ts';
import { Finding } from './check.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Throws a finding where it is not so. */
export function expect(so: boolean, did: string, expected: string, seen: string): asserts so {
  if (!so) throw new Finding(did, expected, seen);
}

/** Holds where the call ended with exit status 0. */
export function succeeded(ended: Ended): Ended {
  expect(ended.status === 0 && !ended.timedOut, ended.did, 'exit status 0', describeEnd(ended));
  return ended;
}

/** Holds where the call succeeded and printed nothing. */
export function silent(ended: Ended): void {
  succeeded(ended);
  expect(ended.stdout.trim() === '', ended.did, 'nothing on stdout', describeEnd(ended));
}

/** The result of a call that succeeded and printed one JSON object. */
export function resultOf(ended: Ended): JsonObject {
  succeeded(ended);
  const { json } = ended;
  expect(isObject(json), ended.did, 'one JSON object on stdout, and nothing else', describeEnd(ended));
  return json;
}

interface Refusal {
  /** Any of these error codes; any at all by default. */
  readonly codes?: readonly number[];
  /** What the message, or its details, have to name. */
  readonly names?: readonly string[];
}

/** Holds where the call failed with an exit status other than 0 and an error object that says why. */
export function refused(ended: Ended, { codes, names = [] }: Refusal = {}): JsonObject {
  const { status, timedOut, json, did } = ended;
  const seen = describeEnd(ended);
  expect(status !== 0 && status !== null && !timedOut, did, 'an error, and an exit status other than 0', seen);
  expect(isObject(json), did, 'an error object on stdout, and nothing else', seen);
  expect(Number.isInteger(json.code), did, 'an error object with a numeric `code`', seen);
  expect(typeof json.msg === 'string' && json.msg !== '', did, 'an error object with a text in `msg`', seen);
  if (codes !== undefined) expect(codes.includes(Number(json.code)), did, `error code ${codes.join(' or ')}`, seen);
  const text = `${json.msg} ${typeof json.details === 'string' ? json.details : ''}`;
  for (const name of names) expect(text.includes(name), did, `an error message that names ${name}`, seen);
  return json;
}

/** Holds where nothing has come or gone, except lines with one of these texts. */
export function unchanged(
  did: string,
  before: readonly string[],
  after: readonly string[],
  ...except: readonly string[]
): void {
  const changes = difference(before, after).filter((line) => !except.some((text) => line.includes(text)));
  expect(changes.length === 0, did, 'nothing of this to be changed', changes.join('; '));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Objects of an array, or none where it is not one. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** `exit status 1, stdout {…}, stderr …`, each shortened. */
export function describeEnd({ status, signal, timedOut, stdout, stderr }: Ended): string {
  const end = timedOut ? 'no end in time' : signal === null ? `exit status ${status}` : `killed by ${signal}`;
  const shown = (name: string, text: string) => {
    const line = text.trim().replace(/\s+/g, ' ');
    return line === '' ? [] : [`${name} ${line.length > 400 ? `${line.slice(0, 400)}…` : line}`];
  };
  return [end, ...shown('stdout', stdout), ...shown('stderr', stderr)].join(', ');
}

/** A call without CNI_PATH: the specification's own library, and with it all plugins that are made with it, requires it. */
export function orRefused(ended: Ended, otherwise: (ended: Ended) => unknown): void {
  if (ended.status === 0) otherwise(ended);
  else refused(ended, { codes: [4], names: ['CNI_PATH'] });
}
