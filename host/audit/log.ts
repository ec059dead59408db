import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Deadline } from '../system/deadline.ts';
import { lockFile } from '../system/flock.ts';
import {
  type Content,
  formatHead,
  formatLine,
  type Head,
  headFile,
  isNext,
  parseHead,
  parseLine,
  type Sealing,
  segmentName,
  segmentNumber,
} from './chain.ts';
import type { AuditEntry } from './entry.ts';

export interface AuditLogOptions {
  readonly directory: string;
  readonly seal: Sealing;
  /** Gets a byte for each call that could not be written down; on another file system than the log, where that is possible. */
  readonly lostFile: string;
  readonly maxSegmentBytes?: number;
  /** Older ones are removed. */
  readonly maxSegments?: number;
}

/** Longer than any writer holds the lock. */
const patience = 1000;

/** The log of all calls: segments of lines, each authenticated with the one before it. Safe with several processes. */
export class AuditLog {
  readonly #options: Required<AuditLogOptions>;

  constructor(options: AuditLogOptions) {
    this.#options = { maxSegmentBytes: 8 * 1024 * 1024, maxSegments: 16, ...options };
  }

  /** Writes a call down. Never throws: what cannot be written is counted, and does not stop an attachment. Returns whether it was written. */
  append(entry: AuditEntry): boolean {
    try {
      const { directory } = this.#options;
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      using _lock = lockFile(join(directory, 'lock'), Deadline.in(patience));
      this.#write({ call: entry });
      return true;
    } catch {
      this.#countLost();
      return false;
    }
  }

  #write(content: Content): void {
    let head = this.#caughtUp(this.#readHead());
    if (head.size > this.#options.maxSegmentBytes) head = this.#begin(head.segment + 1, head);
    head = this.#add(head, content);
    const path = join(this.#options.directory, headFile);
    writeFileSync(`${path}.new`, formatHead({ ...head, calls: head.calls + 1 }, this.#options.seal), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Where no head can be read, a new segment begins: what was before shows as a break of the chain. */
  #readHead(): Head {
    const path = join(this.#options.directory, headFile);
    const head = existsSync(path) ? parseHead(readFileSync(path, 'utf8'), this.#options.seal) : undefined;
    if (head !== undefined) return head;
    const newest = Math.max(0, ...segments(this.#options.directory));
    return this.#begin(newest + 1, { segment: newest, size: 0, calls: 0, mac: '' });
  }

  #begin(segment: number, before: Head): Head {
    const { directory, maxSegments } = this.#options;
    for (const old of segments(directory)) {
      if (old <= segment - maxSegments) rmSync(join(directory, segmentName(old)), { force: true });
    }
    return this.#add({ ...before, segment, size: 0 }, { segment, after: before.mac });
  }

  /** Lines that a writer added who was killed before it could move the head; a line that it left half-written is closed. */
  #caughtUp(head: Head): Head {
    const path = join(this.#options.directory, segmentName(head.segment));
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size === head.size) return head;
    // Somebody has cut it: the head, and the next line, will show that.
    if (size < head.size) return { ...head, size };
    let now = head;
    const rest = readFileSync(path).subarray(head.size).toString('utf8');
    for (const text of rest.split('\n').slice(0, -1)) {
      const line = parseLine(text);
      if (line === undefined || !isNext(line, now.mac, this.#options.seal)) continue;
      now = { ...now, mac: line.mac, calls: now.calls + ('call' in line.content ? 1 : 0) };
    }
    now = { ...now, size };
    if (rest.endsWith('\n')) return now;
    appendFileSync(path, '\n');
    return this.#add({ ...now, size: size + 1 }, { cut: true });
  }

  #add(head: Head, content: Content): Head {
    const { text, mac } = formatLine(content, head.mac, this.#options.seal);
    const path = join(this.#options.directory, segmentName(head.segment));
    appendFileSync(path, text, { mode: 0o600 });
    return { ...head, size: head.size + Buffer.byteLength(text), mac };
  }

  #countLost(): void {
    try {
      mkdirSync(dirname(this.#options.lostFile), { recursive: true, mode: 0o700 });
      appendFileSync(this.#options.lostFile, '.', { mode: 0o600 });
    } catch {
      // There is nowhere left to count it.
    }
  }
}

/** Numbers of the segments in a directory, oldest first. */
export function segments(directory: string): readonly number[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .flatMap((name) => segmentNumber(name) ?? [])
    .sort((a, b) => a - b);
}
