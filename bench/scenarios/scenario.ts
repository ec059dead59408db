import type { Answered, Attachments, Planned } from '../attachments.ts';
import type { Attachment, Contestant, ContestantName, Request } from '../contestants/contestant.ts';
import type { Expected, Samples, Unit } from '../figures.ts';
import type { Namespaces } from '../machine/namespaces.ts';
import { rotated } from '../statistics.ts';

/** What a scenario has to work with. */
export interface Arena {
  readonly contestants: readonly Contestant[];
  readonly attachments: Attachments;
  readonly namespaces: Namespaces;
  readonly samples: Samples;
}

/** How much is measured. */
export interface Scale {
  /** Of calls one at a time. */
  readonly rounds: number;
  /** Of many calls at once. */
  readonly batches: number;
  readonly atOnce: readonly number[];
  readonly masqueradedAtOnce: number;
  /** Ports on the bridge, and leases in the directory. */
  readonly ports: readonly number[];
  readonly leases: readonly number[];
  /** At each of these sizes. */
  readonly growthRounds: number;
  /** Milliseconds that a node with new ports is left alone. */
  readonly rest: number;
  /** ADDs at once while memory is watched. */
  readonly crowd: number;
  /** Attachments that each daemon makes and removes before anything is measured. */
  readonly warmUp: number;
}

export interface Scenario {
  /** As `--only` names it. */
  readonly name: string;
  /** Everything that `run` adds to the samples. */
  expects(scale: Scale): readonly Expected[];
  run(arena: Arena, scale: Scale): Promise<void>;
}

export const daemons = ['daemon v8', 'daemon wasmtime'] as const;
export const plugins = ['go', 'one-shot v8', ...daemons] as const;
export const pluginsAndFloor = ['floor', ...plugins] as const;

export function expectEach(
  name: string,
  contestants: readonly ContestantName[],
  count: number,
  { unit = 'ns', size }: { readonly unit?: Unit; readonly size?: number } = {},
): Expected[] {
  return contestants.map((contestant) => ({
    ...{ name, unit, contestant, count },
    ...(size === undefined ? {} : { size }),
  }));
}

export function among(contestants: readonly Contestant[], names: readonly ContestantName[]): Contestant[] {
  return contestants.filter(({ name }) => names.includes(name));
}

/** Who takes part in a round, in the order of this round; each with an attachment of its own, in a container that nobody else has. */
export interface Participant {
  readonly contestant: Contestant;
  readonly attachment: Attachment;
}

export function participantsOf(
  { contestants, attachments }: Arena,
  names: readonly ContestantName[],
  round: number,
  ifname?: string,
): Participant[] {
  const participants = among(contestants, names);
  const planned = attachments.plan(participants.length, 0, ifname);
  return rotated(
    participants.map((contestant, i) => ({ contestant, attachment: planned[i] as Attachment })),
    round,
  );
}

/** Has each make one call, one after the other, and adds how long it took. */
export async function measureEach<Who extends { readonly contestant: Contestant }>(
  { attachments, samples }: Arena,
  participants: readonly Who[],
  what: { readonly name: string; readonly size?: number },
  requestOf: (participant: Who) => Request,
): Promise<Answered[]> {
  const planned: Planned[] = participants.map((one) => ({ contestant: one.contestant, ...requestOf(one) }));
  const { answers } = await attachments.perform(planned);
  for (const { contestant, measured } of answers)
    samples.add({ ...what, unit: 'ns', contestant: contestant.name }, measured.nanoseconds);
  return answers;
}
