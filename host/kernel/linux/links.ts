import { randomInt } from 'node:crypto';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../netlink/frame.ts';
import { RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK, RTM_SETLINK } from '../../netlink/route/family.ts';
import { linkMessage, RTEXT_FILTER_SKIP_STATS } from '../../netlink/route/link.ts';
import type { Deadline } from '../../system/deadline.ts';
import { beforeLongWait } from '../../system/long-wait.ts';
import { errnoNumbers, KernelError } from '../errors.ts';
import type { Link, LinkChange, NewLink } from '../kernel.ts';
import { isLinkName, requireLinkIndex, requireLinkName } from '../link-names.ts';
import { encodeLinkChange, encodeNewLink } from './link-plans.ts';
import { type LinkAnswer, readLink } from './link-reading.ts';
import type { NamespaceChannel, RouteRequest } from './namespace-channel.ts';

/** Every link of the namespace. */
export function listLinks(channel: NamespaceChannel): Link[] {
  return channel.list({ attempt: 'list links', ...ask(RTM_GETLINK, wanted) }).map(readLink);
}

/** Also found by an alternative name (IFLA_ALT_IFNAME), as everywhere in the kernel. */
export function findLinkByName(channel: NamespaceChannel, name: string): Link | undefined {
  if (!isLinkName(name)) return undefined;
  return find(channel, `look up link "${name}"`, { ...wanted, name });
}

export function findLinkByIndex(channel: NamespaceChannel, index: number): Link | undefined {
  if (!Number.isInteger(index) || index <= 0 || index > 0x7fff_ffff) return undefined;
  return find(channel, `look up link ${index}`, { ...wanted, index });
}

/** Where links that a new one refers to are: through these, its request and the check for taken names go. */
export interface NewLinkChannels {
  /** Of the namespace that the link is made in. */
  readonly target: NamespaceChannel;
  /** Of the other end of a veth. */
  readonly peer?: NamespaceChannel | undefined;
  /** Of the link that the new one sits on. */
  readonly parent?: NamespaceChannel | undefined;
}

export function createLink({ target, peer, parent }: NewLinkChannels, link: NewLink): Link {
  const peerName = link.plan.kind === 'veth' ? link.plan.peerName : undefined;
  const attempt = `create ${link.plan.kind} "${link.name}"${peerName === undefined ? '' : ` with peer "${peerName}"`}`;
  requireLinkName(attempt, link.name);
  if (peerName !== undefined) requireLinkName(attempt, peerName);
  // A link is looked up by index where its request is sent, so that has to be where the parent is.
  const abroad = parent !== undefined && parent !== target;
  const values = encodeNewLink(link, peer?.fd);
  const request = {
    ...{ attempt, flags: NLM_F_CREATE | NLM_F_EXCL },
    ...ask(RTM_NEWLINK, abroad ? { ...values, namespaceDescriptor: target.fd } : values),
  };
  try {
    if (!abroad) return mustExist(executeAndFind(target, request, link.name), attempt);
    parent.execute(request);
  } catch (error) {
    throw nameTheTakenEnd(error, attempt, { target, peer }, link.name, peerName);
  }
  return mustExist(findLinkByName(target, link.name), attempt);
}

export function changeLink(channel: NamespaceChannel, index: number, change: LinkChange): void {
  const attempt = `change link ${index} (${Object.keys(change).join(', ')})`;
  requireLinkIndex(attempt, index);
  if (change.name !== undefined) requireLinkName(attempt, change.name);
  channel.execute({ attempt, ...ask(RTM_SETLINK, encodeLinkChange(index, change)) });
}

/**
 * The kernel moves first and renames then, so a name that is taken there would leave the link moved. That is looked up before,
 * and put right after for the case that somebody else took the name meanwhile.
 */
export function moveLink(channel: NamespaceChannel, index: number, to: NamespaceChannel, newName?: string): Link {
  const attempt = `move link ${index} to ${to.path === '' ? 'the host' : to.path}`;
  requireLinkIndex(attempt, index);
  if (newName !== undefined) requireLinkName(attempt, newName);
  const { name: oldName } = mustExist(findLinkByIndex(channel, index), attempt);
  // Its index may be another one there, its name is not.
  const name = newName ?? oldName;
  const holder = findLinkByName(to, name);
  if (holder !== undefined && !(holder.index === index && channel.cookie === to.cookie)) {
    throw new KernelError(attempt, errnoNumbers.EEXIST, `link "${name}" exists`, { refused: true });
  }
  try {
    channel.execute({ attempt, ...ask(RTM_SETLINK, { index, name: newName, namespaceDescriptor: to.fd }) });
  } catch (error) {
    if (error instanceof KernelError && error.refused) moveBack(attempt, error, to, oldName, index, channel);
    throw error;
  }
  return mustExist(findLinkByName(to, name), attempt);
}

/** Throws, where the link is not back, an error that is no refusal. */
function moveBack(
  attempt: string,
  refusal: KernelError,
  from: NamespaceChannel,
  name: string,
  index: number,
  to: NamespaceChannel,
): void {
  try {
    if (from.cookie === to.cookie || findLinkByIndex(to, index) !== undefined) return;
    const moved = findLinkByName(from, name);
    if (moved === undefined) return;
    const values = { index: moved.index, namespaceDescriptor: to.fd };
    from.execute({ attempt: `move link "${name}" back`, ...ask(RTM_SETLINK, values) });
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause;
    throw new KernelError(attempt, refusal.errno, `and it may not be back: ${cause.message}`, { cause });
  }
}

/** How one link is taken away, for others to do it together with more. */
export interface LinkRemoval {
  readonly index: number;
  readonly isThere: () => boolean;
  /** Returns when no processor can have the link in use any more. Throws KernelError. */
  readonly remove: () => void;
  readonly deadline: Deadline;
}

/** Where others take links away for this thread, it hands them over, and it is enough that they are gone from sight. */
export function removeLink(channel: NamespaceChannel, index: number, handOver?: (removal: LinkRemoval) => void): void {
  const attempt = `remove link ${index}`;
  requireLinkIndex(attempt, index);
  const isThere = () => findLinkByIndex(channel, index) !== undefined;
  const remove = () => {
    // The kernel waits until no processor can see the link any more (net/core/dev.c, netdev_run_todo).
    beforeLongWait();
    channel.execute({ attempt, ...ask(RTM_DELLINK, { index }) });
  };
  if (handOver === undefined) remove();
  else handOver({ index, isThere, remove, deadline: channel.deadline });
}

/** Bits that mark a group as one for links that are going. Those of operators have small numbers. */
const goingGroup = 0x4000_0000;

/**
 * Takes links away by one message while this thread goes on, so that the kernel waits once for all of them: they are put in one group, which
 * is deleted. Those that are gone meanwhile are no failure. Rejects with KernelError.
 */
export async function removeLinks(channel: NamespaceChannel, indexes: readonly number[]): Promise<void> {
  const attempt = `remove links ${indexes.join(', ')}`;
  const group = goingGroup | randomInt(goingGroup);
  const [first = 0] = indexes;
  const requests =
    indexes.length === 1
      ? [ask(RTM_DELLINK, { index: first })]
      : [...indexes.map((index) => ask(RTM_SETLINK, { index, group })), ask(RTM_DELLINK, { group })];
  const errnos = await channel.executeInBackground(attempt, requests);
  const errno = errnos.find((one) => one !== 0 && one !== errnoNumbers.ENODEV);
  if (errno !== undefined) throw new KernelError(attempt, errno);
}

const wanted = { extensionMask: RTEXT_FILTER_SKIP_STATS } as const;

function ask(type: number, values: Partial<LinkAnswer>) {
  return { type, message: linkMessage, values };
}

function find(channel: NamespaceChannel, attempt: string, values: Partial<LinkAnswer>): Link | undefined {
  const answer = channel.find({ attempt, ...ask(RTM_GETLINK, values) }, ['ENODEV']);
  return answer && readLink(answer);
}

/** The link of that name once something was done in its namespace. */
function executeAndFind(channel: NamespaceChannel, request: RouteRequest<LinkAnswer>, name: string): Link | undefined {
  const question = { attempt: `look up link "${name}"`, ...ask(RTM_GETLINK, { ...wanted, name }) };
  const answer = channel.executeAndFind(request, question, ['ENODEV']);
  return answer && readLink(answer);
}

function mustExist(link: Link | undefined, attempt: string): Link {
  if (link === undefined) throw new KernelError(attempt, errnoNumbers.ENODEV, 'the link is gone');
  return link;
}

/** The kernel says EEXIST for either end of a veth alike. */
function nameTheTakenEnd(
  error: unknown,
  attempt: string,
  { target, peer }: NewLinkChannels,
  name: string,
  peerName: string | undefined,
): unknown {
  if (!(error instanceof KernelError) || !error.is('EEXIST')) return error;
  const { errno, refused } = error;
  const because = (taken: string) =>
    new KernelError(attempt, errno, `link "${taken}" exists`, { cause: error, refused });
  try {
    if (findLinkByName(target, name) !== undefined) return because(name);
    if (peer && peerName !== undefined && findLinkByName(peer, peerName) !== undefined) return because(peerName);
  } catch {
    // Words only: what counts is that the kernel refused.
  }
  return error;
}
