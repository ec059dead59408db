import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Content, headFile, isNext, parseHead, parseLine, type Sealing, segmentName } from './chain.ts';
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
    for (const text of linesOf(directory, segment)) {
      const content = parseLine(text)?.content;
      if (content !== undefined && 'call' in content) yield content.call as AuditEntry;
    }
  }
}

/** Follows the chain from the oldest segment that is there to the head. */
export function verifyAudit(directory: string, seal: Sealing, lostFile: string): Verified {
  const problems: AuditProblem[] = [];
  const found = segments(directory);
  let [mac, calls, expected] = ['', 0, found[0]];
  for (const segment of found) {
    if (segment !== expected) problems.push({ segment, line: 0, what: `segment ${expected} before it is missing` });
    expected = segment + 1;
    const lines = linesOf(directory, segment);
    for (const [i, text] of lines.entries()) {
      const line = parseLine(text);
      const next = parseLine(lines[i + 1] ?? '');
      if (line === undefined) {
        if (next === undefined || !('cut' in next.content))
          problems.push({ segment, line: i + 1, what: 'not a line of the log' });
        continue;
      }
      // The oldest segment that is kept says what was before it, and nobody else can.
      if (i === 0 && segment === found[0] && isHeader(line.content)) mac = line.content.after;
      if (!isNext(line, mac, seal)) problems.push({ segment, line: i + 1, what: breakOf(line.content, i) });
      if ('call' in line.content) calls++;
      mac = line.mac;
    }
  }
  return {
    calls,
    segments: found,
    lost: sizeOf(lostFile),
    problems: [...problems, ...problemsAtEnd(directory, seal, found, mac)],
  };
}

function problemsAtEnd(
  directory: string,
  seal: Sealing,
  found: readonly number[],
  mac: string,
): readonly AuditProblem[] {
  const path = join(directory, headFile);
  const last = found.at(-1);
  if (last === undefined && !existsSync(path)) return [];
  const segment = last ?? 0;
  if (!existsSync(path)) return [{ segment, line: 0, what: 'the head is missing: the end may have been cut off' }];
  const head = parseHead(readFileSync(path, 'utf8'), seal);
  if (head === undefined) return [{ segment, line: 0, what: 'the head is not what the log wrote' }];
  if (head.mac === mac && head.segment === last) return [];
  return [
    {
      segment,
      line: 0,
      what: `the log does not end where its head says: in segment ${head.segment}, after ${head.size} bytes`,
    },
  ];
}

function isHeader(content: Content): content is Extract<Content, { segment: number }> {
  return 'segment' in content;
}

function breakOf(content: Content, position: number): string {
  if (isHeader(content) && position === 0) return 'it does not follow the segment before it';
  return 'the line was changed, or lines before it were changed, removed or moved';
}

function linesOf(directory: string, segment: number): readonly string[] {
  const lines = readFileSync(join(directory, segmentName(segment)), 'utf8').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
