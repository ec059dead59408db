import { CniError, errorCodes } from '../cni/error.ts';
import type { InterfaceInfo, Outcome } from '../cni/outcome.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { IpPrefix } from '../net/prefix.ts';
import type { LinkIdentity } from '../operations/context.ts';
import type { Gathered, PluginCall } from './plugin-call.ts';

/**
 * What a plugin says it did is not believed: its interfaces have to be there, and get their hardware address and MTU from the
 * kernel; its addresses have to be in the sandbox, or come from the delegate or the previous result. A plugin that opens no namespace
 * assigns addresses for others, and names no interfaces. Throws CniError.
 */
export function checkOutcome(
  outcome: Outcome,
  call: PluginCall,
  kernel: Kernel,
  gathered: Gathered,
  previous: Outcome | undefined,
  opensSandbox: boolean,
): Outcome {
  const interfaces = outcome.interfaces.map((one) => checkInterface(one, call, kernel, previous));
  for (const { prefix, position } of outcome.addresses) {
    if (position !== undefined && position >= interfaces.length) {
      throw untrue(`address ${prefix} is on interface ${position}, and there are ${interfaces.length}`);
    }
  }
  if (opensSandbox) checkAddresses(outcome, call, gathered, previous);
  return { ...outcome, interfaces };
}

function checkInterface(
  one: InterfaceInfo,
  call: PluginCall,
  kernel: Kernel,
  previous: Outcome | undefined,
): InterfaceInfo {
  const { netns } = call.call.environment;
  if (one.sandbox !== '' && one.sandbox !== netns) {
    throw untrue(`interface ${one.name} is in sandbox ${one.sandbox}, which is not this attachment's`);
  }
  const link = knownLink(one, call) ?? (one.sandbox === '' ? kernel.host : call.sandbox)?.linkByName(one.name);
  if (link !== undefined) return { ...one, mac: link.mac ?? one.mac, mtu: link.mtu };
  // A plugin before this one may name what is not a link: a device of a virtual machine.
  if (previous?.interfaces.some(({ name, sandbox }) => name === one.name && sandbox === one.sandbox)) return one;
  throw untrue(`interface ${one.name} does not exist in ${one.sandbox === '' ? 'the host' : one.sandbox}`);
}

/**
 * As it was read in this call. In the host others change links as well: udev gives a new one its address some milliseconds later
 * (MACAddressPolicy), and a bridge has that of one of its ports.
 */
function knownLink({ name, sandbox }: InterfaceInfo, { known }: PluginCall): LinkIdentity | undefined {
  if (sandbox === '') return undefined;
  for (const [key, link] of known)
    if (link.name === name && link.kind !== 'bridge' && key.startsWith('sandbox ')) return link;
  return undefined;
}

function checkAddresses(outcome: Outcome, call: PluginCall, gathered: Gathered, previous: Outcome | undefined): void {
  const known = new Set<IpPrefix>();
  for (const { prefix } of [...(gathered.assignment?.addresses ?? []), ...(previous?.addresses ?? [])])
    known.add(prefix);
  if (outcome.addresses.every(({ prefix }) => known.has(prefix))) return;
  for (const { prefix } of call.sandbox?.addresses() ?? []) known.add(prefix);
  const unknown = outcome.addresses.find(({ prefix }) => !known.has(prefix));
  if (unknown !== undefined) {
    throw untrue(`address ${unknown.prefix} is neither in the sandbox nor assigned to this attachment`);
  }
}

function untrue(what: string): CniError {
  return new CniError(errorCodes.internal, `the plugin's result is not true: ${what}`);
}
