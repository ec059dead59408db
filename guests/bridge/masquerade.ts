import { codes, fail, orFail } from 'bulkhead-sdk/failure';
import * as log from 'bulkhead-sdk/log';
import { Address } from 'wit/cni/types';
import { Assignment } from 'wit/ipam/delegate';
import { enable, problems, support } from 'wit/net/masquerade';
import { IpPrefix } from 'wit/net/types';
import { Settings } from './settings';

/** Containers reach what is outside of their network with the host's address. */
export function masquerade(assignment: Assignment, settings: Settings): void {
  const own = assignment.addresses.map<IpPrefix>((address) => address.prefix);
  orFail(enable(own, settings.masqueradeBackend), 'failed to set up masquerading');
}

/** Fails where a rule is missing. */
export function checkMasquerade(addresses: Address[]): void {
  const own = addresses.map<IpPrefix>((address) => address.prefix);
  const found = orFail(problems(own), 'failed to look at masquerading');
  if (found.length > 0) fail(found.join('; '));
}

/** Fails with what the kernel lacks, and tells what else there is to know. */
export function checkMasqueradeSupport(settings: Settings): void {
  const supported = support(settings.masqueradeBackend);
  if (supported.failed) fail(supported.error.message, codes.notAvailable);
  else for (let i = 0; i < supported.value.length; i++) log.warn(supported.value[i]);
}
