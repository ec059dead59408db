import { isSafeName } from './environment.ts';
import { CniError, errorCodes } from './error.ts';
import { JsonSyntaxError, parseJson } from './json/parse.ts';
import { JsonObject, type JsonValue, kindOf } from './json/value.ts';
import { defaultVersion } from './versions.ts';

/** A network configuration as far as the host reads it (CNI specification 1.1.0, section 1). */
export interface Configuration {
  /** As configured, not yet checked to be one of ours; absent and empty mean 0.1.0. */
  readonly version: string;
  readonly name: string;
  /** `ipam.type`; undefined where addresses are nobody's business. */
  readonly ipamType: string | undefined;
  /** `prevResult` as it came. */
  readonly previous: JsonValue | undefined;
  /** `cni.dev/valid-attachments`; undefined where the runtime says nothing about them. */
  readonly validAttachments: readonly ValidAttachment[] | undefined;
  readonly document: JsonObject;
}

export interface ValidAttachment {
  readonly containerId: string;
  readonly interfaceName: string;
}

/**
 * Reads a network configuration: keys match whatever their case, as runtimes rely on. Throws CniError
 * `decodingFailure` with the text of Go's decoder, `invalidNetworkConfig` for the name.
 */
export function decodeConfiguration(stdin: Uint8Array): Configuration {
  if (stdin.length > largestKept) return decode(stdin);
  const text = Buffer.from(stdin.buffer, stdin.byteOffset, stdin.length).toString('latin1');
  const known = kept.get(text) ?? decode(stdin);
  // The one that was used last comes last.
  kept.delete(text);
  kept.set(text, known);
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return known;
}

/** Containers of a network come with the same configuration, byte for byte: those that came last are kept. */
const kept = new Map<string, Configuration>();
const mostKept = 16;
/** Bytes. */
const largestKept = 16 * 1024;

function decode(stdin: Uint8Array): Configuration {
  const document = parse(stdin);
  const name = text(document, 'name', 'error unmarshall network config: ');
  if (name === '') throw new CniError(errorCodes.invalidNetworkConfig, 'missing network name');
  if (!isSafeName(name)) {
    throw new CniError(errorCodes.invalidNetworkConfig, 'invalid characters found in network name', name);
  }
  return {
    version: text(document, 'cniVersion', 'decoding version from network config: ') || defaultVersion,
    name,
    ipamType: ipamType(document),
    previous: document.get('prevResult') ?? undefined,
    validAttachments: validAttachments(
      document.get('cni.dev/valid-attachments') ?? document.get('cni.dev/attachments') ?? null,
    ),
    document,
  };
}

function parse(stdin: Uint8Array): JsonObject {
  const fail = (why: string, cause?: unknown) =>
    new CniError(errorCodes.decodingFailure, `error unmarshall network config: ${why}`, '', { cause });
  try {
    const value = parseJson(stdin);
    if (value instanceof JsonObject) return value;
    if (value === null) return new JsonObject();
    throw fail(`json: cannot unmarshal ${kindOf(value)} into Go value of type types.NetConf`);
  } catch (error) {
    throw error instanceof JsonSyntaxError ? fail(error.message, error) : error;
  }
}

function text(document: JsonObject, key: string, before: string): string {
  const value = document.get(key) ?? '';
  if (typeof value === 'string') return value;
  const message = `${before}json: cannot unmarshal ${kindOf(value)} into Go struct field NetConf.${key} of type string`;
  throw new CniError(errorCodes.decodingFailure, message);
}

function ipamType(document: JsonObject): string | undefined {
  const ipam = document.get('ipam');
  const type = ipam instanceof JsonObject ? ipam.get('type') : undefined;
  return typeof type === 'string' && type !== '' ? type : undefined;
}

/** What is not a list of attachments keeps nothing, and so would have everything taken away: it is refused. Null is no list. */
function validAttachments(value: JsonValue): readonly ValidAttachment[] | undefined {
  if (value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(value, '', '[]types.GCAttachment');
  return value.map((entry) => {
    if (entry !== null && !(entry instanceof JsonObject)) throw wrongType(entry, '', 'types.GCAttachment');
    const member = (key: string) => {
      const found = entry?.get(key) ?? '';
      if (typeof found !== 'string') throw wrongType(found, `.${key}`, 'string');
      return found;
    };
    return { containerId: member('containerID'), interfaceName: member('ifname') };
  });
}

function wrongType(value: JsonValue, member: string, type: string): CniError {
  const field = `NetConf.cni.dev/valid-attachments${member}`;
  const message = `error unmarshall network config: json: cannot unmarshal ${kindOf(value)} into Go struct field ${field} of type ${type}`;
  return new CniError(errorCodes.decodingFailure, message);
}
