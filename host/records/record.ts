import { constants, fstatSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Effect, SharedObject } from '../operations/effect.ts';
import { Deadline } from '../system/deadline.ts';
import { type FileLock, LockTimeout, lockFile, releaseLocksAfter } from '../system/flock.ts';
import { writeAll } from '../system/write.ts';
import { type Attachment, attachmentKey } from './attachment.ts';
import {
  advance,
  type CallAnswer,
  type Entry,
  type Line,
  type RecordState,
  readJournal,
  writeLine,
} from './journal.ts';

/**
 * The record of one attachment: a journal of what was done for it, and the lock under which its calls run one after
 * another. The file is the lock, so that both come and go together. It lives under /run: neither it nor what it is about survives a reboot.
 */
export class AttachmentRecord implements Disposable {
  readonly attachment: Attachment;
  readonly #path: string;
  readonly #lock: FileLock;
  #state: RecordState;
  #number: number;
  #cutShort: boolean;
  #unwritten = '';
  #removed = false;

  private constructor(attachment: Attachment, path: string, lock: FileLock, isEmpty: boolean) {
    this.attachment = attachment;
    this.#path = path;
    this.#lock = lock;
    const text = isEmpty ? '' : readFileSync(lock.fd, 'utf8');
    this.#state = readJournal(text);
    this.#number = this.#state.nextNumber;
    this.#cutShort = text !== '' && !text.endsWith('\n');
  }

  /**
   * Opens the record, and waits for its lock until the deadline. Throws LockTimeout where another call of the attachment has it that long.
   */
  static open(directory: string, attachment: Attachment, deadline: Deadline): AttachmentRecord {
    const path = join(directory, attachmentKey(attachment));
    const subject = `attachment ${attachment.containerId} ${attachment.interfaceName}`;
    for (;;) {
      const lock = lockFile(path, deadline, { flags: constants.O_RDWR | constants.O_APPEND, subject });
      try {
        const { nlink, size } = fstatSync(lock.fd);
        if (nlink > 0) return new AttachmentRecord(attachment, path, lock, size === 0);
      } catch (error) {
        lock.release();
        throw error;
      }
      // Its last holder removed it while we waited.
      lock.release();
    }
  }

  /** Removes the file where it is empty, and no call has it. */
  static removeEmpty(path: string): void {
    try {
      using lock = lockFile(path, Deadline.in(0));
      const { nlink, size } = fstatSync(lock.fd);
      if (nlink > 0 && size === 0) unlinkSync(path);
    } catch (error) {
      if (!(error instanceof LockTimeout)) throw error;
    }
  }

  get state(): RecordState {
    return this.#state;
  }

  /** Begins a call that may have effects. The first one says what the record is about, and one with another sandbox says so. */
  begin(boot: string, sandbox: bigint | undefined): void {
    const { attachment } = this;
    const isNew = this.#state.attachment === undefined;
    const isKnown = !isNew && this.#state.sandbox === sandbox?.toString();
    if (!isKnown) this.#keep({ line: 'attachment', attachment, boot, sandbox: sandbox?.toString() });
    this.#keep({ line: 'begin' });
    // The first is written with what is done first: until then there is nothing to take back.
    if (!isNew) this.#flush();
  }

  /** Writes down what is about to be done. Returns the entry's number. */
  intend(effect: Effect, object?: SharedObject): number {
    const number = this.#number++;
    this.#append({ line: 'intent', number, effect, object });
    return number;
  }

  /** Is written with what comes next: that it may have been done is on record already. */
  done(number: number): void {
    this.#keep({ line: 'done', number });
  }

  undone(number: number): void {
    this.#append({ line: 'undone', number });
  }

  /** Notes that this attachment relies on something shared, so that nobody else's failure takes it away. */
  use(object: SharedObject): void {
    if (!this.#state.uses.has(object)) this.#append({ line: 'use', object });
  }

  /** The call ended well: its effects stay until a DEL. */
  commit(answer?: CallAnswer): void {
    this.#append({ line: 'commit', answer });
  }

  /** The result of that call, where it ended well, and nothing came after it. */
  answerTo(call: string | undefined): string | undefined {
    const { answer, lives } = this.#state;
    return call !== undefined && lives && answer?.call === call ? answer.result : undefined;
  }

  /** What the record says now, read again: after a time-out the memory of this thread is not to be trusted. */
  reload(): RecordState {
    this.#state = readJournal(readFileSync(this.#path, 'utf8'));
    return this.#state;
  }

  /** Ends the record: nothing of the attachment is left. */
  remove(): void {
    unlinkSync(this.#path);
    this.#removed = true;
    this.#lock.release();
  }

  /** Gives the lock back. A record that says nothing is removed. */
  [Symbol.dispose](): void {
    if (!this.#removed && isEmpty(this.#state)) this.remove();
    try {
      if (!this.#removed) this.#flush();
    } catch {
      // What is not known to be done may have been.
    }
    this.#lock.release();
  }

  /** After a time-out: the locks go back that were taken since this record's, and so in code that has been ended. */
  releaseLaterLocks(): void {
    releaseLocksAfter(this.#lock);
  }

  #append(line: Line): void {
    this.#keep(line);
    this.#flush();
  }

  #keep(line: Line): void {
    this.#unwritten += writeLine(line);
    this.#state = advance(this.#state, line);
  }

  #flush(): void {
    if (this.#unwritten === '') return;
    const bytes = Buffer.from(this.#cutShort ? `\n${this.#unwritten}` : this.#unwritten);
    // A disk that is full may take a part.
    this.#cutShort = true;
    writeAll(this.#lock.fd, bytes);
    this.#cutShort = false;
    this.#unwritten = '';
  }
}

/** What is left of a call to undo, newest first. */
export function newestFirst(entries: readonly Entry[]): readonly Entry[] {
  return entries.toReversed();
}

function isEmpty(state: RecordState): boolean {
  return !state.lives && state.committed.length === 0 && state.open.length === 0;
}
