import { fail, orFail } from 'bulkhead-sdk/failure';
import { toUp } from 'bulkhead-sdk/link-changes';
import { findLink, lookUpLink } from 'bulkhead-sdk/links';
import { change } from 'wit/net/link-control';
import { Link } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import { connectPort, createPair } from './port';
import { Settings } from './settings';

/**
 * The host's own place in a VLAN of the bridge: one end of a veth pair whose other end is a port of that VLAN, as the reference has it.
 * Made where there is none; it stays for the other containers.
 */
export function ensureVlanInterface(host: Netns, bridge: Link, settings: Settings): Link {
  const name = `${bridge.name}.${settings.vlans.own}`;
  const found = findLink(host, name);
  if (found !== null) return found;
  const attempt = `faild to create vlan gateway "${name}"`;
  const pair = createPair(host, host, name, bridge.mtu, null);
  connectPort(host, pair.port, bridge, settings.forVlanGateway());
  const link = lookUpLink(host, name);
  if (!link.up) orFail(change(host, link.index, toUp()), `failed to up "${name}"`);
  if (link.kind !== 'veth') fail(`${attempt}: it is a ${link.kind}`);
  return link;
}
