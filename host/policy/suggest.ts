import { commonNetwork } from '../net/prefix.ts';
import type { Access } from './access.ts';
import type { Request } from './rule.ts';

/**
 * The item that would have to stand among a plugin's grants: literal, as narrow as what was asked for. Undefined where a name would be
 * read as a pattern or a term, and so allow more.
 */
export function suggestRule(access: Access, request: Request): string | undefined {
  const fields = fieldsOf(access, request);
  const { set, value, ...names } = fields ?? {};
  if (!isLiteral(names, /^\$|[*{}]/) || !isLiteral({ set, value }, /^\$|^\*$/)) return undefined;
  return fields === undefined ? `- ${access.kind}` : `- ${access.kind}: ${flow(fields)}`;
}

/** In place of what cannot be written: a range from one family to the other. */
const nothing = Symbol('nothing');

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(access: Access, request: Request): Fields | undefined {
  switch (access.kind) {
    case 'sandbox':
    case 'host':
    case 'log':
    case 'masquerade.read':
    case 'masquerade.disable':
    case 'mac-guard.read':
    case 'mac-guard.disable':
      return undefined;
    case 'masquerade.enable':
      return { addresses: access.addresses };
    case 'mac-guard.enable':
      return { link: onLink({ door: 'host', index: access.index }, request).link };
    case 'link.read':
    case 'address.read':
    case 'route.read':
      return { door: access.door };
    case 'link.create': {
      const { plan, name, ...rest } = access.link;
      const { kind, peerDoor, peerName, ...settings } = plan as { kind: string; peerDoor?: string; peerName?: string };
      const peer = peerDoor === undefined ? undefined : { door: peerDoor, name: peerName };
      return { door: access.door, kind, name, peer, set: unlessEmpty({ ...rest, ...settings }) };
    }
    case 'link.change':
    case 'port.change':
      return { ...onLink(access, request), set: namesOf(access.door, access.change, request) };
    case 'link.move':
      return { ...onLink(access, request), to: access.to, name: access.name };
    case 'link.remove':
      return onLink(access, request);
    case 'port.add-vlans':
    case 'port.remove-vlans':
      return { ...onLink(access, request), vlans: access.vlans.map(({ first, last }) => `${first}-${last}`) };
    case 'address.add':
    case 'address.remove':
      return { ...onLink(access, request), prefix: access.prefix };
    case 'route.add':
    case 'route.replace':
    case 'route.remove': {
      const { destination, gateway = 'none', table, index } = access.route;
      const link = index === undefined ? undefined : request.link(access.door, index)?.name;
      return { door: access.door, link, destination, gateway, table };
    }
    case 'sysctl.read':
      return { door: access.door, key: access.key };
    case 'sysctl.write':
      return { door: access.door, key: access.key, value: access.value };
    case 'lease.read':
    case 'lease.release':
      return { dataDir: parentOf(access.directory) };
    case 'lease.reserve': {
      const networks = access.ranges.map(({ first, last }) => commonNetwork(first, last) ?? nothing);
      const addresses = [...networks, ...(access.address === undefined ? [] : [access.address])];
      return { dataDir: parentOf(access.directory), addresses: [...new Set(addresses)] };
    }
    case 'resolver.read':
      return { path: access.path };
    case 'delegate': {
      const executable = access.executable === undefined ? undefined : `sha256:${access.executable}`;
      return { type: access.type, executable };
    }
  }
}

function onLink(
  { door, index }: { readonly door: 'sandbox' | 'host'; readonly index: number },
  request: Request,
): Fields {
  return { door, link: request.link(door, index)?.name ?? `(there is no link ${index})` };
}

/** A controller by its name. */
function namesOf(door: 'sandbox' | 'host', change: object, request: Request): Fields {
  const { controller, ...rest } = change as { controller?: number };
  if (controller === undefined) return rest as Fields;
  return { ...rest, controller: controller === 0 ? 'none' : request.link(door, controller)?.name };
}

function unlessEmpty(fields: Fields): Fields | undefined {
  return Object.values(fields).every((one) => one === undefined) ? undefined : fields;
}

function parentOf(directory: string): string {
  return directory.slice(0, directory.lastIndexOf('/')) || '/';
}

function isLiteral(value: unknown, special: RegExp): boolean {
  if (value === nothing) return false;
  if (typeof value === 'string') return !special.test(value);
  if (typeof value === 'object' && value !== null) return Object.values(value).every((one) => isLiteral(one, special));
  return true;
}

/** YAML in one line: JSON is that, and quotes are left out where they are not needed. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{ ${members.map(([key, item]) => `${key}: ${flow(item)}`).join(', ')} }`;
  }
  const isPlain =
    typeof value === 'string' &&
    /^[A-Za-z$/_][A-Za-z0-9$/_.-]*$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
