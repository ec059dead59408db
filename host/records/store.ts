import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SharedObject } from '../operations/effect.ts';
import type { Deadline } from '../system/deadline.ts';
import { type Attachment, attachmentKey } from './attachment.ts';
import { type RecordState, readJournal } from './journal.ts';
import { AttachmentRecord } from './record.ts';

/** The records of all attachments of a node. */
export class RecordStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  open(attachment: Attachment, deadline: Deadline): AttachmentRecord {
    return AttachmentRecord.open(this.#directory, attachment, deadline);
  }

  /** Without its lock, for looking: undefined where there is none. */
  peek(attachment: Attachment): RecordState | undefined {
    return this.#read(attachmentKey(attachment));
  }

  /** All records, without their locks: what others have on record may grow while it is read. */
  all(): readonly RecordState[] {
    return this.#names().flatMap((name) => this.#read(name) ?? []);
  }

  /** Removes those that say nothing, of calls that were killed before they did anything. */
  removeEmpty(): void {
    for (const name of this.#names()) {
      const path = join(this.#directory, name);
      if (statSync(path, { throwIfNoEntry: false })?.size === 0) AttachmentRecord.removeEmpty(path);
    }
  }

  /** Whether an attachment other than this one relies on the object, or has a hand in it. */
  isUsedByOthers(object: SharedObject, attachment: Attachment): boolean {
    const own = attachmentKey(attachment);
    return this.#names().some((name) => {
      const state = name === own ? undefined : this.#read(name);
      return state?.uses.has(object);
    });
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#directory);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #read(name: string): RecordState | undefined {
    try {
      return readJournal(readFileSync(join(this.#directory, name), 'utf8'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
