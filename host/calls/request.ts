import { dirname, join } from 'node:path';
import { anyConfiguration, canonicalConfiguration, type KeySchema } from '../cni/canonical.ts';
import { plain } from '../cni/json/format.ts';
import { JsonObject, type JsonValue } from '../cni/json/value.ts';
import type { OutcomeAddress } from '../cni/outcome.ts';
import { ipFamily } from '../net/ip.ts';
import { ipFromNumber, ipNumber } from '../net/number.ts';
import { networkOf, prefixAddress, prefixLength } from '../net/prefix.ts';
import { linkAt, type OperationContext } from '../operations/context.ts';
import type { Door } from '../operations/operation.ts';
import type { Request } from '../policy/rule.ts';
import type { Manifest } from '../trust/manifest.ts';
import type { Gathered, PluginCall } from './plugin-call.ts';

/** What the terms of a policy stand for in this call. Own addresses are what the delegate and the plugins before gave, not what the guest says. */
export function makeRequest(
  { call }: PluginCall,
  manifest: Manifest,
  context: OperationContext,
  gathered: Gathered,
): Request {
  const { environment, configuration } = call;
  const given = () => [gathered.assignment, gathered.previous].filter((one) => one !== undefined);
  const addresses = () => given().flatMap((one) => one.addresses);
  return {
    interfaceName: environment.interfaceName,
    network: configuration.name,
    configuration: (pointer) => configured(configuration.document, manifest, pointer),
    argument: (key) => argumentOf(environment.args, key),
    leased: () => addresses().map(({ prefix }) => prefix),
    gateways: () => addresses().map(gatewayOf),
    routes: () => given().flatMap((one) => one.routes),
    link(door, index) {
      const link = linkAt(context, door, index);
      if (link === undefined) return undefined;
      const key = `${door} ${index}` as const;
      const macs = [link.mac, gathered.told.get(key)].filter((mac) => mac !== undefined);
      return { name: link.name, macs, created: isCreated(context, key) };
    },
    created: (door) => namesOfOwned(context, door),
  };
}

/** What was looked up in documents that are still in use: calls that came with the same bytes have the same one. */
const lookedUp = new WeakMap<JsonObject, Map<Manifest, Map<string, unknown>>>();

/** The value at a JSON pointer as a plugin would read it, with the defaults of its manifest. */
function configured(document: JsonObject, manifest: Manifest, pointer: string): unknown {
  const known = valuesOf(document, manifest);
  if (!known.has(pointer)) known.set(pointer, readConfigured(document, manifest, pointer));
  return known.get(pointer);
}

function valuesOf(document: JsonObject, manifest: Manifest): Map<string, unknown> {
  const all = lookedUp.get(document) ?? new Map<Manifest, Map<string, unknown>>();
  lookedUp.set(document, all);
  const values = all.get(manifest) ?? new Map<string, unknown>();
  all.set(manifest, values);
  return values;
}

function readConfigured(document: JsonObject, manifest: Manifest, pointer: string): unknown {
  // As it is in the directories below it, which are joined: without a slash at its end.
  if (manifest.leases?.directory === pointer)
    return dirname(join(leaseDirectory(document, manifest.leases), 'network'));
  const { value } = canonicalConfiguration(document, manifest.config ?? anyConfiguration);
  return memberAt(value, pointer) ?? defaultAt(manifest, pointer);
}

/** The value at a JSON pointer (RFC 6901), with keys matched as in the rest of the configuration; undefined where there is none, or null. */
export function at(document: JsonValue, pointer: string): unknown {
  let value: JsonValue | undefined = document;
  for (const key of keysOf(pointer)) value = value instanceof JsonObject ? value.get(key) : undefined;
  return value === undefined || value === null ? undefined : plain(value);
}

/** The directory above those of networks. Whatever is not text is the plugin's to complain of. */
export function leaseDirectory(document: JsonValue, leases: NonNullable<Manifest['leases']>): string {
  const found = at(document, leases.directory);
  return typeof found === 'string' && found !== '' ? found : leases.default;
}

/** In a configuration whose keys are spelled as the manifest spells them. */
function memberAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const key of keysOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value ?? undefined;
}

function defaultAt({ config }: Manifest, pointer: string): unknown {
  let schema: (KeySchema & { readonly default?: unknown }) | undefined = config;
  for (const key of keysOf(pointer)) {
    const { properties } = schema ?? {};
    schema = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
  }
  return schema?.default;
}

/** Of the pointers in policies and manifests, and our own. */
const steps = new Map<string, readonly string[]>();

function keysOf(pointer: string): readonly string[] {
  const known = steps.get(pointer);
  if (known !== undefined) return known;
  const keys = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  steps.set(pointer, keys);
  return keys;
}

/** CNI_ARGS is `K=V;K=V`. */
function argumentOf(args: string, key: string): string | undefined {
  const pair = args.split(';').find((one) => one.startsWith(`${key}=`));
  return pair?.slice(key.length + 1);
}

/** The gateway that comes with an address; where none does, the first address of its network, as the reference has it. */
function gatewayOf({ prefix, gateway }: OutcomeAddress): string {
  if (gateway !== undefined) return `${gateway}/${prefixLength(prefix)}`;
  const network = prefixAddress(networkOf(prefix));
  return `${ipFromNumber(ipNumber(network) + 1n, ipFamily(network))}/${prefixLength(prefix)}`;
}

function isCreated({ owned, made }: OperationContext, link: `${Door} ${number}`): boolean {
  return owned.has(link) || made.has(link);
}

function namesOfOwned(context: OperationContext, door: Door): readonly string[] {
  return [...context.owned, ...context.made].flatMap((one) => {
    const [where, index] = one.split(' ');
    const link = where === door ? linkAt(context, door, Number(index)) : undefined;
    return link === undefined ? [] : [link.name];
  });
}
