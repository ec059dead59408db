import { Some } from 'bulkhead-sdk/abi/values';
import { fail, orFail } from 'bulkhead-sdk/failure';
import { settleAddresses } from 'bulkhead-sdk/interface-addresses';
import { toMac } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import { Prefix } from 'bulkhead-sdk/prefix';
import { ensureSysctl } from 'bulkhead-sdk/sysctl';
import * as addresses from 'wit/net/addresses';
import { change } from 'wit/net/link-control';
import { Link } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import { FaultCode } from 'wit/net/types';

/**
 * Makes the bridge, or the interface of its VLAN, the gateway of its containers: it gets the addresses, and the host forwards. A new IPv6 address answers only once the
 * kernel has seen that nobody else has it, which takes a second or two for the first container.
 * `attempt` goes before the reason where it cannot be done.
 */
export function serveAsGateway(
  host: Netns,
  bridge: Link,
  gateways: Prefix[],
  forceAddress: bool,
  attempt: string,
): void {
  for (let family = 4; family <= 6; family += 2) {
    let any = false;
    for (let i = 0; i < gateways.length; i++) {
      if (gateways[i].family !== family) continue;
      ensureAddress(host, bridge, gateways[i], forceAddress, attempt);
      any = true;
    }
    if (!any) continue;
    ensureForwarding(host, family);
    if (family === 6) settleAddresses(host, bridge);
  }
}

/** Puts the address on the bridge. Another one that it cannot be there with is a conflict: it gives way, or the call fails. */
function ensureAddress(host: Netns, bridge: Link, wanted: Prefix, forceAddress: bool, attempt: string): void {
  const current = orFail(addresses.all(host, new Some<u32>(bridge.index)), attempt);
  for (let i = 0; i < current.length; i++) if (Prefix.from(current[i].prefix).equals(wanted)) return;
  for (let i = 0; i < current.length; i++) {
    const other = Prefix.from(current[i].prefix);
    if (!conflicts(other, wanted)) continue;
    if (!forceAddress) {
      const conflict = `"${bridge.name}" already has an IP address different from ${wanted.toString()}`;
      fail(`${attempt}: ${conflict}`);
    }
    const removed = addresses.remove(host, bridge.index, other.toWit());
    orFail(removed, `${attempt}: could not remove IP address from "${bridge.name}"`);
  }
  const added = addresses.add(host, bridge.index, wanted.toWit(), 0);
  if (added.failed) {
    // Somebody who connects another container was first, and goes on with the rest.
    if (added.error.code === FaultCode.Exists) return;
    fail(`${attempt}: could not add IP address to "${bridge.name}": ${added.error.message}`);
  }
  keepMac(host, bridge.name, attempt);
}

/** A bridge has one IPv4 address from us; its IPv6 addresses are of networks that do not overlap. */
function conflicts(other: Prefix, wanted: Prefix): bool {
  return other.family === wanted.family && (wanted.family === 4 || other.overlaps(wanted));
}

/**
 * A bridge takes the lowest hardware address of its ports until it is given one. Containers remember their gateway's, so that it is
 * given the one that it has.
 */
function keepMac(host: Netns, name: string, attempt: string): void {
  const bridge = lookUpLink(host, name);
  const mac = bridge.mac;
  if (mac === null) return;
  orFail(change(host, bridge.index, toMac(mac)), `${attempt}: could not set bridge's mac`);
}

function ensureForwarding(host: Netns, family: i32): void {
  const key = family === 4 ? 'ipv4/ip_forward' : 'ipv6/conf/all/forwarding';
  ensureSysctl(host, key, '1', 'failed to enable forwarding');
}
