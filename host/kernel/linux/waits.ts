import type { Decoder } from '../../netlink/codec.ts';
import { NetlinkOverrun, NetlinkTimeout } from '../../netlink/errors.ts';
import { decodeFrames } from '../../netlink/frame.ts';
import { addressMessage } from '../../netlink/route/address.ts';
import { RTNLGRP_IPV6_IFADDR, RTNLGRP_LINK } from '../../netlink/route/family.ts';
import { linkMessage } from '../../netlink/route/link.ts';
import type { KernelNetlinkSocket } from '../../netlink/socket.ts';
import { Deadline } from '../../system/deadline.ts';
import { errnoNumbers, KernelError } from '../errors.ts';
import { requireLinkIndex } from '../link-names.ts';
import { listAddresses } from './addresses.ts';
import { findLinkByIndex } from './links.ts';
import type { NamespaceChannel } from './namespace-channel.ts';

/** What a look has found: done, or what is still missing, in words for an error. */
type Finding = { readonly kind: 'done' } | { readonly kind: 'waiting'; readonly because: string };

export function waitUntilUp(channel: NamespaceChannel, index: number, timeoutMilliseconds: number): void {
  const attempt = `wait until link ${index} is up`;
  waitFor(channel, { attempt, index, timeoutMilliseconds, group: RTNLGRP_LINK, notification: linkMessage }, () => {
    const link = findLinkByIndex(channel, index);
    if (link === undefined) throw new KernelError(attempt, errnoNumbers.ENODEV, 'there is no such link');
    if (link.state === 'up') return { kind: 'done' };
    return { kind: 'waiting', because: `its state is ${link.state}` };
  });
}

export function waitUntilUsable(channel: NamespaceChannel, index: number, timeoutMilliseconds: number): void {
  const attempt = `wait until the addresses of link ${index} are usable`;
  const wait = { attempt, index, timeoutMilliseconds, group: RTNLGRP_IPV6_IFADDR, notification: addressMessage };
  waitFor(channel, wait, () => {
    const addresses = listAddresses(channel, index);
    const duplicate = addresses.find(({ state }) => state === 'duplicate');
    if (duplicate !== undefined) {
      throw new KernelError(attempt, errnoNumbers.EADDRINUSE, `somebody else has ${duplicate.prefix}`);
    }
    const tentative = addresses.filter(({ state }) => state === 'tentative').map(({ prefix }) => prefix);
    if (tentative.length > 0) return { kind: 'waiting', because: `tentative still: ${tentative.join(', ')}` };
    if (findLinkByIndex(channel, index) === undefined) {
      throw new KernelError(attempt, errnoNumbers.ENODEV, 'there is no such link');
    }
    return { kind: 'done' };
  });
}

interface Wait {
  readonly attempt: string;
  readonly index: number;
  readonly timeoutMilliseconds: number;
  /** RTNLGRP_*, whose notifications are `notification`s. */
  readonly group: number;
  readonly notification: Decoder<{ readonly index: number }>;
}

/** Where there is anything to wait for, it subscribes first and looks again then, so that nothing is missed between the two. ETIMEDOUT tells what is missing. */
function waitFor(channel: NamespaceChannel, wait: Wait, look: () => Finding): void {
  requireLinkIndex(wait.attempt, wait.index);
  const deadline = channel.deadline.earliest(Deadline.in(wait.timeoutMilliseconds));
  if (look().kind === 'done') return;
  channel.subscribed(wait.attempt, [wait.group], (socket) => {
    for (;;) {
      const finding = look();
      if (finding.kind === 'done') return;
      if (!awaitChange(socket, wait, deadline))
        throw new KernelError(wait.attempt, errnoNumbers.ETIMEDOUT, finding.because);
    }
  });
}

/** Returns whether something may have changed before the deadline. Other links' notifications are passed over. */
function awaitChange(socket: KernelNetlinkSocket, { index, notification }: Wait, deadline: Deadline): boolean {
  try {
    for (;;) {
      const frames = decodeFrames(socket.receive(deadline));
      if (frames.some(({ payload }) => notification.decode(payload).index === index)) return true;
      if (deadline.passed) return false;
    }
  } catch (error) {
    if (error instanceof NetlinkTimeout) return false;
    // Notifications were lost, maybe the one that matters.
    if (error instanceof NetlinkOverrun) return true;
    throw error;
  }
}
