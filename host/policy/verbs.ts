import type { Verb } from '../cni/environment.ts';
import type { LinkChange } from '../kernel/kernel.ts';
import type { Operation } from '../operations/operation.ts';
import type { Access, DelegateVerb } from './access.ts';

/** Why an operation is not allowed; undefined where it is. */
export type Denial = string | undefined;

/** What the verb is about bounds what a plugin may do: CHECK, STATUS and GC read, DEL takes away, whatever else is granted. */
export function deniedByVerb(verb: Verb, access: Access): Denial {
  if (access.kind === 'delegate') return deniedOfDelegate(verb, access.verb);
  return isOperation(access) ? deniedOfOperation(verb, access) : undefined;
}

export function isOperation(access: Access): access is Operation {
  return !['sandbox', 'host', 'log', 'delegate'].includes(access.kind) && !access.kind.endsWith('.read');
}

/** A delegate does what its caller was called for; what an ADD assigned, it may also give back. */
function deniedOfDelegate(verb: Verb, delegated: DelegateVerb): Denial {
  const isOfVerb = delegated === verb || (delegated === 'DEL' && (verb === 'ADD' || verb === 'GC'));
  return isOfVerb ? undefined : `${verb} runs no ${delegated} of a delegate`;
}

function deniedOfOperation(verb: Verb, operation: Operation): Denial {
  switch (verb) {
    case 'ADD':
      return deniedInAdd(operation);
    case 'DEL':
      return takesAway(operation) ? undefined : 'DEL only takes away';
    case 'CHECK':
    case 'STATUS':
    case 'GC':
    case 'VERSION':
      return `${verb} changes nothing`;
  }
}

const removals: readonly string[] = ['link.remove', 'lease.release', 'masquerade.disable', 'mac-guard.disable'];

/** Removing a link cannot be taken back, so an ADD does not remove any; the host takes back what the ADD made. */
function deniedInAdd(operation: Operation): Denial {
  return removals.includes(operation.kind) ? 'ADD does not take away; the host does where it fails' : undefined;
}

function takesAway(operation: Operation): boolean {
  switch (operation.kind) {
    case 'link.remove':
    case 'port.remove-vlans':
    case 'address.remove':
    case 'route.remove':
    case 'lease.release':
    case 'masquerade.disable':
    case 'mac-guard.disable':
      return true;
    case 'link.change':
      return turnsOff(operation.change);
    case 'link.move':
      return operation.door === 'sandbox' && operation.to === 'host';
    case 'link.create':
    case 'port.change':
    case 'port.add-vlans':
    case 'address.add':
    case 'route.add':
    case 'route.replace':
    case 'sysctl.write':
    case 'lease.reserve':
    case 'masquerade.enable':
    case 'mac-guard.enable':
      return false;
  }
}

function turnsOff(change: LinkChange): boolean {
  const allowed: LinkChange = { up: false, promiscuous: false, allMulticast: false, controller: 0, alias: '' };
  return Object.entries(change).every(
    ([key, value]) => value === undefined || allowed[key as keyof LinkChange] === value,
  );
}
