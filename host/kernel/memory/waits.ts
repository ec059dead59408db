import { prefixAddress } from '../../net/prefix.ts';
import { addAddressRoutes } from './address-routes.ts';
import { refuse } from './failure.ts';
import { hasCarrier, operState } from './link-state.ts';
import { requireLink } from './links.ts';
import type { AddressModel, LinkModel, NamespaceModel } from './model.ts';
import { reachedFrom } from './segment.ts';

/** Nothing happens in the model while it waits, so a link that is not up is waited for in vain. Takes no time. */
export function waitUntilUp(namespace: NamespaceModel, index: number): void {
  const attempt = `wait until link ${index} is up`;
  const link = requireLink(attempt, namespace, index);
  if (operState(link) !== 'up') refuse(attempt, 'ETIMEDOUT', `its state is ${operState(link)}`);
}

/** Duplicate address detection takes as long as this call, and needs a carrier. Takes no time. */
export function waitUntilUsable(namespace: NamespaceModel, index: number): void {
  const attempt = `wait until the addresses of link ${index} are usable`;
  const link = requireLink(attempt, namespace, index);
  if (hasCarrier(link)) detectDuplicates(link);
  const duplicate = link.addresses.find(({ state }) => state === 'duplicate');
  if (duplicate !== undefined) refuse(attempt, 'EADDRINUSE', `somebody else has ${duplicate.prefix}`);
  const tentative = link.addresses.filter(({ state }) => state === 'tentative').map(({ prefix }) => prefix);
  if (tentative.length > 0) refuse(attempt, 'ETIMEDOUT', `tentative still: ${tentative.join(', ')}`);
}

function detectDuplicates(link: LinkModel): void {
  for (const address of link.addresses) {
    if (address.state !== 'tentative') continue;
    address.state = isTaken(link, address) ? 'duplicate' : 'usable';
    addAddressRoutes(link, address);
  }
}

function isTaken(link: LinkModel, { prefix }: AddressModel): boolean {
  const holds = ({ addresses }: LinkModel) =>
    addresses.some((other) => prefixAddress(other.prefix) === prefixAddress(prefix) && other.state !== 'duplicate');
  return [...reachedFrom(link)].some(holds);
}
