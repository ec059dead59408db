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
  | { readonly line: 'commit' };

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
  /** Whether any call ended well. */
  readonly lives: boolean;
  readonly nextNumber: number;
}

/** Adds up a record. A last line that was cut short by a crash is left out: what it was about had not begun. */
export function readJournal(text: string): RecordState {
  const entries = new Map<number, Entry>();
  const uses = new Set<SharedObject>();
  let header: Extract<Line, { line: 'attachment' }> | undefined;
  let committedUpTo = -1;
  let last = -1;
  let lives = false;
  for (const line of lines(text)) {
    switch (line.line) {
      case 'attachment':
        header = line;
        break;
      case 'begin':
        break;
      case 'intent':
        last = line.number;
        entries.set(line.number, { number: line.number, effect: line.effect, object: line.object, state: 'intent' });
        break;
      case 'done': {
        const entry = entries.get(line.number);
        if (entry !== undefined) entries.set(line.number, { ...entry, state: 'done' });
        break;
      }
      case 'undone':
        entries.delete(line.number);
        break;
      case 'use':
        uses.add(line.object);
        break;
      case 'commit':
        committedUpTo = last;
        lives = true;
        break;
    }
  }
  const all = [...entries.values()];
  return {
    attachment: header?.attachment,
    boot: header?.boot,
    sandbox: header?.sandbox,
    committed: all.filter((entry) => entry.number <= committedUpTo),
    open: all.filter((entry) => entry.number > committedUpTo),
    uses,
    lives,
    nextNumber: last + 1,
  };
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
