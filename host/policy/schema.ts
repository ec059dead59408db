import { z } from 'zod';
import { isTerm, splitKey } from './terms.ts';

/** The policy file, as operators write it. What it does not know is an error: a key that is not enforced would be a lie. */

const term = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('$') || isTerm(text), 'no such term: see docs/policy.md')
  .refine(
    (text) => [...text.matchAll(/[{}]([^{}]*)/g)].every(([part, inner = '']) => part.startsWith('}') || isTerm(inner)),
    'braces are for terms: {$config/bridge}.{$config/vlan}',
  );
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]).transform(asList);
const texts = oneOrMore(term);
const values = oneOrMore(z.union([term, z.number(), z.boolean()]));
const keys = oneOrMore(
  z
    .string()
    .min(1)
    .refine(
      (text) =>
        splitKey(text).every((part) => !part.startsWith('{') || isTerm(part.slice(1, -1))) &&
        !/(^|\/)\.\.?(\/|$)/.test(text),
      'a key below /proc/sys/net, with {$terms} as whole segments',
    ),
);
const door = z.enum(['sandbox', 'host']);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits');
const settings = z.record(z.string(), values);
const when = oneOrMore(term.startsWith('$', 'a term')).optional();
const reading = z.strictObject({ when, door });
const onLink = { when, door, link: texts };
const route = z.strictObject({
  ...onLink,
  destination: texts,
  gateway: texts.optional(),
  table: oneOrMore(z.int().min(1).max(0xffff_ffff)).optional(),
});
const leases = z.strictObject({ when, dataDir: texts });
const vlans = z.strictObject({ ...onLink, vlans: texts });
const linkKinds = z.enum(['bridge', 'veth', 'dummy', 'ifb']);

/** Grants with arguments. Those without are words of their own. */
const rules = {
  'link.read': reading,
  'link.create': z.strictObject({
    when,
    door,
    kind: oneOrMore(linkKinds),
    name: texts,
    peer: z.strictObject({ door, name: texts.optional() }).optional(),
    set: settings.optional(),
  }),
  'link.change': z.strictObject({ ...onLink, set: settings }),
  'link.move': z.strictObject({ ...onLink, to: door, name: texts.optional() }),
  'link.remove': z.strictObject(onLink),
  'port.change': z.strictObject({ ...onLink, set: settings }),
  'port.add-vlans': vlans,
  'port.remove-vlans': vlans,
  'address.read': reading,
  'address.add': z.strictObject({ ...onLink, prefix: texts }),
  'address.remove': z.strictObject({ ...onLink, prefix: texts }),
  'route.read': reading,
  'route.add': route,
  'route.replace': route,
  'route.remove': route,
  'sysctl.read': z.strictObject({ when, door, key: keys }),
  'sysctl.write': z.strictObject({ when, door, key: keys, value: values }),
  'lease.read': leases,
  'lease.reserve': z.strictObject({ when, dataDir: texts, addresses: texts }),
  'lease.release': leases,
  'masquerade.enable': z.strictObject({ when, addresses: texts }),
  'mac-guard.enable': z.strictObject({ when, link: texts }),
  'resolver.read': z.strictObject({ when, path: texts }),
  delegate: z.strictObject({
    when,
    type: texts,
    executable: oneOrMore(z.union([z.literal('any'), digest])).optional(),
  }),
};

const words = z.enum([
  'sandbox',
  'host',
  'log',
  'masquerade.read',
  'masquerade.disable',
  'mac-guard.read',
  'mac-guard.disable',
]);
const optionalRules = Object.fromEntries(Object.entries(rules).map(([kind, schema]) => [kind, schema.optional()])) as {
  [K in keyof typeof rules]: z.ZodOptional<(typeof rules)[K]>;
};
const grant = z.union([
  words,
  z
    .strictObject(optionalRules)
    .refine(
      (one) => Object.keys(one).length === 1,
      'an item of grants is one word, or one kind of access with its arguments',
    ),
]);

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'letters, digits, dots, dashes and underscores');
const version = z.string().regex(/^\d+\.\d+\.\d+$/, 'three numbers with dots: 1.2.3');
const signer = z.union([
  z.literal('release').describe('what the manifest of the installed release pins'),
  z.strictObject({ key: z.string().min(1).describe('file with a public key in PEM form') }),
  z.strictObject({
    identity: z.string().min(1).describe('subject alternative name of the certificate, exactly'),
    issuer: z.string().min(1).describe('OIDC issuer, exactly'),
    trustedRoot: z.string().min(1).describe('file with a sigstore trusted root'),
    thresholds: z
      .strictObject({
        logs: z.int().min(1).default(1),
        timestamps: z.int().min(1).default(1),
        certificateLogs: z.int().min(0).default(1),
      })
      .default({ logs: 1, timestamps: 1, certificateLogs: 1 })
      .describe('independent witnesses that a signature needs'),
  }),
  z.strictObject({ digests: z.array(digest).min(1) }),
]);
const positive = z.int().min(1);
const limits = z.strictObject({
  memory: positive
    .max(2 ** 32)
    .optional()
    .describe('bytes of linear memory'),
  time: positive.max(600_000).optional().describe('milliseconds of a call'),
  hostCalls: positive.optional(),
  handles: positive.optional(),
  string: positive.optional().describe('UTF-16 units of one text'),
  log: positive.optional().describe('UTF-16 units of all that is logged in a call'),
});
const plugin = z.strictObject({
  signers: z.array(name).min(1).describe('who may vouch for it'),
  threshold: positive.default(1).describe('how many of them have to'),
  minimumVersion: version.optional(),
  attestations: z
    .array(z.strictObject({ predicateType: z.string().min(1), signers: z.array(name).min(1) }))
    .default([])
    .describe('statements about it that have to be there as well'),
  missing: z
    .enum(['deny-at-load', 'deny-at-call'])
    .default('deny-at-load')
    .describe('what happens to a plugin that imports more than it is granted'),
  fullPool: z
    .enum(['ready', 'unavailable'])
    .default('ready')
    .describe('what STATUS of an IPAM plugin says where no address is left: unavailable is error code 50'),
  limits: limits.default({}),
  grants: z.array(grant),
});

export const policySchema = z.strictObject({
  version: z.literal(1),
  mode: z
    .enum(['enforce', 'audit'])
    .default('enforce')
    .describe('audit lets through what enforce would deny, and records it'),
  signers: z.record(name, signer),
  plugins: z.record(name, plugin).describe('by CNI type'),
  deny: z.array(digest).default([]).describe('components that may not run, whoever vouches for them'),
});

/** A policy as it was read, with defaults, and with lists where one item may stand for a list of one. */
export type PolicyDocument = z.output<typeof policySchema>;

function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** The schema for editors: JSON Schema, draft 2020-12. */
export function policyJsonSchema(): unknown {
  return z.toJSONSchema(policySchema, { io: 'input' });
}
