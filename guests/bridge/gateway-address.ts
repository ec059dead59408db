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
 * Makes the bridge the gateway of its containers: it gets the addresses, and the host forwards. A new IPv6 address answers only once the
 * kernel has seen that nobody else has it, which takes a second or two for the first container.
 */
export function serveAsGateway(host: Netns, bridge: Link, gateways: Prefix[], forceAddress: bool): void {
  for (let family = 4; family <= 6; family += 2) {
    let any = false;
    for (let i = 0; i < gateways.length; i++) {
      if (gateways[i].family !== family) continue;
      ensureAddress(host, bridge, gateways[i], forceAddress);
      any = true;
    }
    if (!any) continue;
    ensureForwarding(host, family);
    if (family === 6) settleAddresses(host, bridge);
  }
}

/** Puts the address on the bridge. Another one that it cannot be there with is a conflict: it gives way, or the call fails. */
function ensureAddress(host: Netns, bridge: Link, wanted: Prefix, forceAddress: bool): void {
  const current = orFail(addresses.all(host, new Some<u32>(bridge.index)), 'failed to set bridge addr');
  for (let i = 0; i < current.length; i++) if (Prefix.from(current[i].prefix).equals(wanted)) return;
  for (let i = 0; i < current.length; i++) {
    const other = Prefix.from(current[i].prefix);
    if (!conflicts(other, wanted)) continue;
    if (!forceAddress) {
      const conflict = `"${bridge.name}" already has an IP address different from ${wanted.toString()}`;
      fail(`failed to set bridge addr: ${conflict}`);
    }
    const attempt = `failed to set bridge addr: could not remove IP address from "${bridge.name}"`;
    orFail(addresses.remove(host, bridge.index, other.toWit()), attempt);
  }
  const added = addresses.add(host, bridge.index, wanted.toWit(), 0);
  // Somebody who connects another container may have been first.
  if (added.failed && added.error.code !== FaultCode.Exists) {
    fail(`failed to set bridge addr: could not add IP address to "${bridge.name}": ${added.error.message}`);
  }
  keepMac(host, bridge.name);
}

/** A bridge has one IPv4 address from us; its IPv6 addresses are of networks that do not overlap. */
function conflicts(other: Prefix, wanted: Prefix): bool {
  return other.family === wanted.family && (wanted.family === 4 || other.overlaps(wanted));
}

/**
 * A bridge takes the lowest hardware address of its ports until it is given one. Containers remember their gateway's, so that it is
 * given the one that it has.
 */
function keepMac(host: Netns, name: string): void {
  const bridge = lookUpLink(host, name);
  const mac = bridge.mac;
  if (mac === null) return;
  orFail(change(host, bridge.index, toMac(mac)), "failed to set bridge addr: could not set bridge's mac");
}

function ensureForwarding(host: Netns, family: i32): void {
  const key = family === 4 ? 'ipv4/ip_forward' : 'ipv6/conf/all/forwarding';
  ensureSysctl(host, key, '1', 'failed to enable forwarding');
}
