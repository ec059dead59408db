// Puts what an IPAM plugin gave onto the container's interface, as the reference does (containernetworking/plugins pkg/ipam).

import { fail } from 'bulkhead-sdk/failure';
import { addRoutes } from 'bulkhead-sdk/interface-routes';
import { toUp } from 'bulkhead-sdk/link-changes';
import { LinkSetup } from 'bulkhead-sdk/link-setup';
import { findLinkAt } from 'bulkhead-sdk/links';
import * as log from 'bulkhead-sdk/log';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Address } from 'wit/cni/types';
import { Assignment } from 'wit/ipam/delegate';
import { waitUntilUsable } from 'wit/net/addresses';
import { Link, OperState } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import * as sysctls from 'wit/net/sysctls';
import { FaultCode } from 'wit/net/types';

const longestSettling: u32 = 5_000;

/** Gives the link its addresses, sets it up, waits until they can be used, and adds the routes, after what `setup` has already. */
export function configureInterface(ns: Netns, link: Link, assignment: Assignment, setup: LinkSetup): void {
  const hasIpv6 = hasFamily(assignment.addresses, 6);
  if (hasIpv6) enableIpv6(ns, link.name, setup);
  for (let i = 0; i < assignment.addresses.length; i++) {
    const prefix = assignment.addresses[i].prefix;
    setup.address(prefix, `failed to add IP addr ${Prefix.from(prefix).toString()} to "${link.name}"`);
  }
  // Where one of several is refused, the link does not come up with the others, and tells nobody of them.
  if (assignment.addresses.length > 1) setup.apply();
  setup.change(toUp(), `failed to set "${link.name}" UP`);
  if (hasIpv6) {
    setup.apply();
    settleAddresses(ns, link);
  }
  addRoutes(link, assignment, setup);
  setup.apply();
}

function hasFamily(addresses: Address[], family: i32): bool {
  for (let i = 0; i < addresses.length; i++) if (Prefix.from(addresses[i].prefix).family === family) return true;
  return false;
}

/** Container runtimes start namespaces without IPv6; its addresses would go whenever the link does. */
function enableIpv6(ns: Netns, name: string, setup: LinkSetup): void {
  const names = ['lo', name];
  for (let i = 0; i < names.length; i++) {
    const key = `ipv6/conf/${names[i]}/disable_ipv6`;
    const current = sysctls.read(ns, key);
    if (current.failed) {
      log.warn(`whether ${names[i]} has IPv6 is not known, and stays as it is: ${current.error.message}`);
      continue;
    }
    const value = current.value.trim();
    if (value === '0') continue;
    setup.setting(key, '0', `failed to enable IPv6 for interface "${names[i]}" (net/${key}=${value})`);
  }
  const attempt = `failed to enable keep_addr_on_down for interface "${name}"`;
  setup.setting(`ipv6/conf/${name}/keep_addr_on_down`, '1', attempt);
}

/** Waits until no IPv6 address of the link is tentative. On a link that carries nothing they stay so: that is no failure. */
export function settleAddresses(ns: Netns, link: Link): void {
  const settled = waitUntilUsable(ns, link.index, longestSettling);
  if (!settled.failed) return;
  if (settled.error.code === FaultCode.TimedOut) {
    const current = findLinkAt(ns, link.index);
    if (current !== null && current.state !== OperState.Up) return;
  }
  fail(`failed to settle addresses for "${link.name}": ${settled.error.message}`);
}
