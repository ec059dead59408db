import {
  appendFileSync,
  constants,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Deadline } from '../system/deadline.ts';
import { LockFile } from '../system/flock.ts';
import { KeptFile, type OpenFile } from '../system/kept-file.ts';
import { writeAll } from '../system/write.ts';
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
  splitLines,
} from './chain.ts';
import type { AuditEntry } from './entry.ts';

export interface AuditLogOptions {
  readonly directory: string;
  readonly seal: Sealing;
  /** Gets a byte for each call that could not be written down; on another file system than the log, where that is possible. */
  readonly lostFile: string;
  /** A segment that is longer gets no more calls. */
  readonly maxSegmentBytes?: number;
  /** Older ones are removed. */
  readonly maxSegments?: number;
}

/** Bytes of the head's file, of which it needs some two hundred. */
const headSize = 512;

/** For reading it: a file that is longer is not what the log wrote. */
const room = Buffer.alloc(2 * headSize);

const newline = Buffer.from('\n');

/** Longer than any writer holds the lock. */
const patience = 1000;

/** The log of all calls: segments of lines, each authenticated with the one before it. Safe with several processes. */
export class AuditLog {
  readonly #options: Required<AuditLogOptions>;
  readonly #lock: LockFile;
  readonly #headFile: KeptFile;
  #segment: { readonly number: number; readonly file: KeptFile } | undefined;
  /** The head that this one wrote last, which needs no second look where it is still there. */
  #written: { readonly bytes: Buffer; readonly head: Head } | undefined;
  /** Calls that were lost, and not counted in the file yet. */
  #uncounted = 0;

  constructor(options: AuditLogOptions) {
    this.#options = { maxSegmentBytes: 8 * 1024 * 1024, maxSegments: 16, ...options };
    this.#lock = new LockFile(join(options.directory, 'lock'));
    this.#headFile = new KeptFile(join(options.directory, headFile), (path) => openToWrite(path, constants.O_RDWR));
  }

  /** Writes a call down. Never throws: what cannot be written is counted, and does not stop an attachment. Returns whether it was written. */
  append(entry: AuditEntry): boolean {
    const written = this.#tryToWrite(entry);
    if (!written) this.#uncounted++;
    if (this.#uncounted > 0) this.#countLost();
    return written;
  }

  /** What stays open between calls. */
  close(): void {
    this.#lock.close();
    this.#headFile.close();
    this.#segment?.file.close();
    this.#segment = undefined;
  }

  #tryToWrite(entry: AuditEntry): boolean {
    try {
      using _lock = this.#lock.lock(Deadline.in(patience));
      this.#write({ call: entry });
      return true;
    } catch {
      return false;
    }
  }

  #write(content: Content): void {
    let head = this.#caughtUp(this.#readHead());
    if (head.size > this.#options.maxSegmentBytes) head = this.#begin({ ...head, segment: head.segment + 1, size: 0 });
    if (head.size === 0) head = this.#add(head, { segment: head.segment, after: head.mac });
    head = this.#add(head, content);
    try {
      this.#writeHead({ ...head, calls: head.calls + 1 });
    } catch {
      // The call is written down. The next one finds the head behind, as after a kill.
    }
  }

  /** Where no head can be read, a new segment begins: what was before shows as a break of the chain. */
  #readHead(): Head {
    const { directory, seal } = this.#options;
    const { fd, size } = this.#headFile.open();
    const length = readSync(fd, room, 0, Math.min(size, room.length), 0);
    const bytes = room.subarray(0, length);
    if (this.#written !== undefined && bytes.equals(this.#written.bytes)) return this.#written.head;
    const head = parseHead(bytes.toString(), seal);
    return head ?? this.#begin({ segment: Math.max(0, ...segments(directory)) + 1, size: 0, calls: 0, mac: '' });
  }

  /** The head goes first, so that a header whose writer is killed is found past it. The oldest go before: the disk may be full. */
  #begin(head: Head): Head {
    const { directory, maxSegments } = this.#options;
    for (const old of segments(directory)) {
      if (old <= head.segment - maxSegments) rmSync(join(directory, segmentName(old)), { force: true });
    }
    this.#writeHead(head);
    return head;
  }

  /** Lines that a writer added who was killed before it could move the head; a line that it left half-written is closed. */
  #caughtUp(head: Head): Head {
    const { fd, size } = this.#open(head.segment);
    if (size === head.size) return head;
    if (size < head.size) {
      // Somebody has cut it: the head, and the next line, will show that. The next line must not be a part of what is left.
      writeAll(fd, newline);
      return { ...head, size: size + 1 };
    }
    const rest = readFrom(fd, head.size, size);
    const isClosed = rest.endsWith('\n');
    if (!isClosed) writeAll(fd, newline);
    let now: Head = { ...head, size: isClosed ? size : size + 1 };
    let isTorn = false;
    for (const text of splitLines(rest)) {
      const line = parseLine(text);
      isTorn = line === undefined || !isNext(text, line, now.mac, this.#options.seal);
      if (line !== undefined && !isTorn)
        now = { ...now, mac: line.mac, calls: now.calls + ('call' in line.content ? 1 : 0) };
    }
    if (!isTorn) return now;
    if (head.size > 0 || now.mac !== head.mac) return this.#add(now, { cut: true });
    // Not even the header.
    ftruncateSync(fd, 0);
    return head;
  }

  #add(head: Head, content: Content): Head {
    const { text, mac } = formatLine(content, head.mac, this.#options.seal);
    const bytes = Buffer.from(text);
    writeAll(this.#segmentFile(head.segment).opened(), bytes);
    return { ...head, size: head.size + bytes.length, mac };
  }

  /** In place, with one write of always as many bytes: a writer that is killed leaves the head of before or this one. */
  #writeHead(head: Head): void {
    const bytes = Buffer.from(formatHead(head, this.#options.seal).padEnd(headSize));
    this.#written = undefined;
    writeAll(this.#headFile.opened(), bytes, 0);
    this.#written = { bytes, head };
  }

  #open(segment: number): OpenFile {
    return this.#segmentFile(segment).open();
  }

  #segmentFile(number: number): KeptFile {
    if (this.#segment?.number === number) return this.#segment.file;
    this.#segment?.file.close();
    const path = join(this.#options.directory, segmentName(number));
    const file = new KeptFile(path, (path) => openToWrite(path, constants.O_RDWR | constants.O_APPEND));
    this.#segment = { number, file };
    return file;
  }

  #countLost(): void {
    try {
      mkdirSync(dirname(this.#options.lostFile), { recursive: true, mode: 0o700 });
      appendFileSync(this.#options.lostFile, '.'.repeat(this.#uncounted), { mode: 0o600 });
      this.#uncounted = 0;
    } catch {
      // There is nowhere to count it now; the next call of this process tries again.
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

function openToWrite(path: string, flags: number): number {
  return openSync(path, flags | constants.O_CREAT, 0o600);
}

function readFrom(fd: number, start: number, end: number): string {
  const buffer = Buffer.alloc(end - start);
  return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start));
}
