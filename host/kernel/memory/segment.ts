import type { VlanRange } from '../kernel.ts';
import { hasCarrier } from './link-state.ts';
import { type LinkModel, portsOf } from './model.ts';

/**
 * Every link that a frame sent out by this one reaches when all bridges flood it, the sender's own left out. Bridges keep VLANs
 * and isolated ports apart. Tagged frames reach nobody, since there are no VLAN links in the model.
 */
export function reachedFrom(link: LinkModel): ReadonlySet<LinkModel> {
  const reached = new Set<LinkModel>();
  send(link, reached, new Set());
  reached.delete(link);
  return reached;
}

function send(link: LinkModel, reached: Set<LinkModel>, sent: Set<LinkModel>): void {
  if (!hasCarrier(link) || sent.has(link)) return;
  sent.add(link);
  if (link.body.kind === 'veth' && link.body.peer !== undefined) arrive(link.body.peer, reached, sent);
  if (link.body.kind !== 'bridge') return;
  for (const port of portsOf(link)) if (passes(link, port, 1)) send(port, reached, sent);
}

function arrive(link: LinkModel, reached: Set<LinkModel>, sent: Set<LinkModel>): void {
  const bridge = link.controller;
  if (bridge === undefined) {
    reached.add(link);
    return;
  }
  const vlan = link.port.vlans.find(({ pvid }) => pvid)?.first;
  if (!bridge.up || (isFiltering(bridge) && vlan === undefined)) return;
  // The bridge itself is in VLAN 1.
  if (!isFiltering(bridge) || vlan === 1) reached.add(bridge);
  for (const port of portsOf(bridge)) {
    const apart = (port === link && !link.port.hairpin) || (port.port.isolated && link.port.isolated);
    if (!apart && passes(bridge, port, vlan ?? 1)) send(port, reached, sent);
  }
}

function passes(bridge: LinkModel, port: LinkModel, vlan: number): boolean {
  const carries = ({ first, last, untagged }: VlanRange) => first <= vlan && vlan <= last && untagged;
  return !isFiltering(bridge) || port.port.vlans.some(carries);
}

function isFiltering({ body }: LinkModel): boolean {
  return body.kind === 'bridge' && body.vlanFiltering;
}
