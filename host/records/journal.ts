import type { Effect, SharedObject } from '../operations/effect.ts';
import type { Attachment } from './attachment.ts';

/** Lines of a record, in the order in which they were written. */
export type Line =
  | {
      readonly line: 'attachment';
      readonly attachment: Attachment;
      /** /proc/sys/kernel/random/boot_id: the kernel's state dies with the boot. */
      readonly boot: string;
      /** SO_NETNS_COOKIE of the sandbox, decimal. */
      readonly sandbox: string | undefined;
    }
  | { readonly line: 'begin' }
  | {
      readonly line: 'intent';
      readonly number: number;
      readonly effect: Effect;
      readonly object?: SharedObject | undefined;
    }
  | { readonly line: 'done' | 'undone'; readonly number: number }
  | { readonly line: 'use'; readonly object: SharedObject }
  | { readonly line: 'commit'; readonly answer?: CallAnswer | undefined };

/** What a call was answered with: whoever asks again, since the answer was lost, gets the same. */
export interface CallAnswer {
  /** Which call of the attachment it was. */
  readonly call: string;
  readonly result: string;
}

/** An effect on record. `intent` is one of which it is not known whether it came about. */
export interface Entry {
  readonly number: number;
  readonly effect: Effect;
  /** Set where the effect is on something shared, which only a failed call takes back. */
  readonly object: SharedObject | undefined;
  readonly state: 'intent' | 'done';
}

/** What the lines of a record add up to. */
export interface RecordState {
  readonly attachment: Attachment | undefined;
  readonly boot: string | undefined;
  readonly sandbox: string | undefined;
  /** Effects of calls that ended well, in order; those that were undone are left out. */
  readonly committed: readonly Entry[];
  /** Effects of a call that was cut short or is still at work. */
  readonly open: readonly Entry[];
  /** Shared objects that this attachment relies on. */
  readonly uses: ReadonlySet<SharedObject>;
  /** That of the last call that ended well. */
  readonly answer: CallAnswer | undefined;
  /** Whether any call ended well. */
  readonly lives: boolean;
  readonly nextNumber: number;
}

const empty: RecordState = {
  attachment: undefined,
  boot: undefined,
  sandbox: undefined,
  committed: [],
  open: [],
  uses: new Set(),
  answer: undefined,
  lives: false,
  nextNumber: 0,
};

/** Adds up a record. A last line that was cut short by a crash is left out: what it was about had not begun. */
export function readJournal(text: string): RecordState {
  return lines(text).reduce(advance, empty);
}

/** The state after one more line. */
export function advance(state: RecordState, line: Line): RecordState {
  switch (line.line) {
    case 'attachment': {
      // What was done in another sandbox is not to be looked for in this one.
      const isHere = (entry: Entry) => line.sandbox === state.sandbox || !isInSandbox(entry.effect);
      return {
        ...state,
        ...{ attachment: line.attachment, boot: line.boot, sandbox: line.sandbox },
        ...{ committed: state.committed.filter(isHere), open: state.open.filter(isHere) },
      };
    }
    case 'begin':
      return state;
    case 'intent': {
      const entry: Entry = { number: line.number, effect: line.effect, object: line.object, state: 'intent' };
      return { ...state, open: [...state.open, entry], nextNumber: line.number + 1 };
    }
    case 'done':
      return {
        ...state,
        open: state.open.map((entry) => (entry.number === line.number ? { ...entry, state: 'done' } : entry)),
      };
    case 'undone': {
      const without = (entries: readonly Entry[]) => entries.filter((entry) => entry.number !== line.number);
      return { ...state, open: without(state.open), committed: without(state.committed) };
    }
    case 'use':
      return { ...state, uses: new Set([...state.uses, line.object]) };
    case 'commit':
      return { ...state, committed: [...state.committed, ...state.open], open: [], answer: line.answer, lives: true };
  }
}

function isInSandbox(effect: Effect): boolean {
  return 'door' in effect && effect.door === 'sandbox';
}

export function writeLine(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

/** Lines that are not whole JSON stand only where a write was cut short. The host alone writes here, in a directory of its own. */
function lines(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}
