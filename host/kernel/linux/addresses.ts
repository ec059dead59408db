import { ipFamily } from '../../net/ip.ts';
import { type IpPrefix, ipPrefix, lastAddress, prefixAddress, prefixLength } from '../../net/prefix.ts';
import type { Decoded } from '../../netlink/codec.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../netlink/frame.ts';
import {
  addressMessage,
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_TENTATIVE,
} from '../../netlink/route/address.ts';
import { AF_INET, AF_INET6, AF_UNSPEC, RTM_DELADDR, RTM_GETADDR, RTM_NEWADDR } from '../../netlink/route/family.ts';
import type { AddressFlags, AssignedAddress } from '../kernel.ts';
import { requireLinkIndex } from '../link-names.ts';
import type { NamespaceChannel } from './namespace-channel.ts';

type AddressAnswer = Decoded<typeof addressMessage>;

/** Of one link or, where index is absent, of all: IPv4 first. A link that is not there has none. */
export function listAddresses(channel: NamespaceChannel, index?: number): AssignedAddress[] {
  // The kernel asks one family after the other, in the order of their numbers (rtnl_dump_all, net/core/rtnetlink.c).
  const values = { family: AF_UNSPEC, index: index ?? 0 };
  const answers = channel.list({ attempt: 'list addresses', ...ask(RTM_GETADDR, values) }, ['ENODEV']);
  // There are more families than those; without strict checking, all links are listed.
  return answers
    .filter(({ family }) => family === AF_INET || family === AF_INET6)
    .filter((answer) => index === undefined || answer.index === index)
    .flatMap(readAddress);
}

export function addAddress(channel: NamespaceChannel, index: number, prefix: IpPrefix, flags: AddressFlags = {}): void {
  const attempt = `add ${prefix} to link ${index}`;
  requireLinkIndex(attempt, index);
  const bits = (flags.noDad ? IFA_F_NODAD : 0) | (flags.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0);
  const values = { ...identify(index, prefix), broadcast: broadcastOf(prefix), flags: bits === 0 ? undefined : bits };
  channel.execute({ attempt, ...ask(RTM_NEWADDR, values), flags: NLM_F_CREATE | NLM_F_EXCL });
}

export function removeAddress(channel: NamespaceChannel, index: number, prefix: IpPrefix): void {
  const attempt = `remove ${prefix} from link ${index}`;
  requireLinkIndex(attempt, index);
  channel.execute({ attempt, ...ask(RTM_DELADDR, identify(index, prefix)) });
}

function ask(type: number, values: Partial<AddressAnswer>) {
  return { type, message: addressMessage, values };
}

function identify(index: number, prefix: IpPrefix): Partial<AddressAnswer> {
  const address = prefixAddress(prefix);
  const family = ipFamily(address) === 4 ? AF_INET : AF_INET6;
  return { family, index, prefixLength: prefixLength(prefix), address, local: address };
}

function broadcastOf(prefix: IpPrefix) {
  return ipFamily(prefixAddress(prefix)) === 4 && prefixLength(prefix) < 31 ? lastAddress(prefix) : undefined;
}

/** IPv4 has the own address in IFA_LOCAL and, on point-to-point links, the other end's in IFA_ADDRESS; IPv6 has IFA_ADDRESS alone. */
function readAddress(answer: AddressAnswer): AssignedAddress[] {
  const address = answer.local ?? answer.address;
  if (address === undefined) return [];
  const prefix = ipPrefix(address, answer.prefixLength);
  const flags = answer.flags ?? answer.shortFlags;
  return [{ prefix, index: answer.index, state: stateOf(flags), scope: answer.scope }];
}

function stateOf(flags: number): AssignedAddress['state'] {
  if (flags & IFA_F_DADFAILED) return 'duplicate';
  return flags & IFA_F_TENTATIVE ? 'tentative' : 'usable';
}
