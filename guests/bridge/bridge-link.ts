import { Some } from 'bulkhead-sdk/abi/values';
import { ensure, fail, orFail } from 'bulkhead-sdk/failure';
import { toPromiscuous, toUp } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import * as log from 'bulkhead-sdk/log';
import { tryWriteSysctl } from 'bulkhead-sdk/sysctl';
import { BridgeOptions, change, create, LinkPlan, NewLink } from 'wit/net/link-control';
import { byName, Link } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import { FaultCode } from 'wit/net/types';
import { Settings } from './settings';

/** The bridge, made where there is none, and up. One that is there keeps its MTU: other containers go by it. */
export function ensureBridge(host: Netns, settings: Settings): Link {
  const name = settings.bridge;
  const attempt = `failed to create bridge "${name}"`;
  ensure(name !== '', `${attempt}: could not add "": LinkAttrs.Name cannot be empty`);
  const there = existing(host, name);
  const isNew = there === null && createBridge(host, settings, attempt);
  const bridge = there === null ? lookUpLink(host, name) : there;
  ensure(bridge.kind === 'bridge', `${attempt}: "${name}" already exists but is not a bridge`);
  if (!isNew && settings.mtu !== 0 && bridge.mtu !== settings.mtu) {
    log.warn(`bridge ${name} was there before with an MTU of ${bridge.mtu}, and does not get one of ${settings.mtu}`);
  }
  if (settings.promiscMode && !bridge.promiscuous) {
    const reason = `${attempt}: could not set promiscuous mode on "${name}"`;
    orFail(change(host, bridge.index, toPromiscuous()), reason);
  }
  // Or a container could make itself the host's router (CVE-2020-10749).
  tryWriteSysctl(host, `ipv6/conf/${name}/accept_ra`, '0');
  if (!bridge.up) orFail(change(host, bridge.index, toUp()), attempt);
  return bridge;
}

/** Mostly it is there. Whatever is wrong with the name, making the link will tell. */
function existing(host: Netns, name: string): Link | null {
  const found = byName(host, name);
  return found.failed ? null : found.value;
}

/** Returns false where it is there already, possibly since a moment ago. */
function createBridge(host: Netns, settings: Settings, attempt: string): bool {
  const link = new NewLink();
  link.name = settings.bridge;
  const options = new BridgeOptions();
  if (settings.vlans.wanted) options.vlanFiltering = new Some<bool>(true);
  link.plan = LinkPlan.bridge(options);
  if (settings.mtu !== 0) link.mtu = new Some<u32>(settings.mtu);
  const created = create(host, link);
  if (!created.failed) return true;
  if (created.error.code === FaultCode.Exists) return false;
  return fail<bool>(`${attempt}: could not add "${link.name}": ${created.error.message}`);
}
