import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Content,
  headFile,
  isNext,
  parseHead,
  parseLine,
  type Sealing,
  segmentName,
  splitLines,
} from './chain.ts';
import type { AuditEntry } from './entry.ts';
import { segments } from './log.ts';

export interface Verified {
  readonly calls: number;
  readonly segments: readonly number[];
  /** Calls that could not be written down. */
  readonly lost: number;
  readonly problems: readonly AuditProblem[];
}

export interface AuditProblem {
  readonly segment: number;
  /** From 1; 0 for the segment as a whole. */
  readonly line: number;
  readonly what: string;
}

/** All calls, oldest first, whether the chain holds or not. */
export function* readAudit(directory: string): Generator<AuditEntry> {
  for (const segment of segments(directory)) {
    for (const text of linesOf(directory, segment) ?? []) {
      const content = parseLine(text)?.content;
      if (content !== undefined && 'call' in content) yield content.call as AuditEntry;
    }
  }
}

/** The call of that correlation; undefined where there is none. */
export function findCall(directory: string, correlation: string): AuditEntry | undefined {
  for (const entry of readAudit(directory)) if (entry.correlation === correlation) return entry;
  return undefined;
}

/**
 * Follows the chain from the oldest segment that is there to the head, and on to the end.
 * Takes no lock, since nothing may hold up writers: what they add meanwhile is past the head, which is read first.
 */
export function verifyAudit(directory: string, seal: Sealing, lostFile: string): Verified {
  const headText = readIfThere(join(directory, headFile));
  const head = headText === undefined ? undefined : parseHead(headText, seal);
  const problems: AuditProblem[] = [];
  const found: number[] = [];
  let [mac, calls, reachesHead] = ['', 0, head?.mac === ''];
  /** Where text stands that is no line: what a killed writer left, if a cut is noted after it or nothing follows. */
  let torn: AuditProblem | undefined;
  for (const segment of segments(directory)) {
    const lines = linesOf(directory, segment);
    // Removed as one of the oldest since the directory was read, or else its absence shows below.
    if (lines === undefined) continue;
    const expected = (found.at(-1) ?? segment - 1) + 1;
    if (segment !== expected) problems.push({ segment, line: 0, what: `segment ${expected} before it is missing` });
    if (torn !== undefined) problems.push(torn);
    torn = undefined;
    for (const [i, text] of lines.entries()) {
      const line = parseLine(text);
      if (line === undefined) {
        torn ??= { segment, line: i + 1, what: 'not a line of the log' };
        continue;
      }
      if (torn !== undefined && !('cut' in line.content)) problems.push(torn);
      torn = undefined;
      // The oldest segment that is kept says what was before it, and nobody else can.
      if (i === 0 && found.length === 0 && isHeader(line.content)) mac = line.content.after;
      reachesHead ||= mac === head?.mac;
      if (!isNext(text, line, mac, seal)) problems.push({ segment, line: i + 1, what: breakOf(line.content, i) });
      if ('call' in line.content) calls++;
      mac = line.mac;
      reachesHead ||= mac === head?.mac;
    }
    found.push(segment);
  }
  const segment = found.at(-1) ?? 0;
  if (head !== undefined && !reachesHead) {
    const end = `in segment ${head.segment}, after ${head.size} bytes`;
    problems.push({ segment, line: 0, what: `the log does not end where its head says: ${end}` });
  } else if (head === undefined && headText !== undefined) {
    problems.push({ segment, line: 0, what: 'the head is not what the log wrote' });
  } else if (head === undefined && found.length > 0) {
    problems.push({ segment, line: 0, what: 'the head is missing: the end may have been cut off' });
  }
  const lost = statSync(lostFile, { throwIfNoEntry: false })?.size ?? 0;
  return { calls, segments: found, lost, problems };
}

function isHeader(content: Content): content is Extract<Content, { segment: number }> {
  return 'segment' in content;
}

function breakOf(content: Content, position: number): string {
  if (isHeader(content) && position === 0) return 'it does not follow the segment before it';
  return 'the line was changed, or lines before it were changed, removed or moved';
}

/** Undefined where the segment is gone. */
function linesOf(directory: string, segment: number): readonly string[] | undefined {
  const text = readIfThere(join(directory, segmentName(segment)));
  return text === undefined ? undefined : splitLines(text);
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
