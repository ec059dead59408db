import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../host/audit/entry.ts';
import { AuditLog, type AuditLogOptions } from '../../../host/audit/log.ts';
import { findCall, readAudit, verifyAudit } from '../../../host/audit/read.ts';
import { Deadline } from '../../../host/system/deadline.ts';
import { lockFile } from '../../../host/system/flock.ts';
import { Seal } from '../../../host/trust/seal.ts';
import { entry, seal } from './samples.ts';

let root: string;
let directory: string;
let lostFile: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-audit-'));
  directory = join(root, 'audit');
  lostFile = join(root, 'run/lost');
});
afterEach(() => {
  closeAll();
  rmSync(root, { recursive: true });
});

/** Of this test: they keep files open. */
const logs: AuditLog[] = [];
function open(options: Partial<AuditLogOptions> = {}): AuditLog {
  const log = new AuditLog({ directory, seal, lostFile, ...options });
  logs.push(log);
  return log;
}
function closeAll(): void {
  for (const log of logs.splice(0)) log.close();
}
const verify = (key = seal) => verifyAudit(directory, key, lostFile);
const correlations = () => [...readAudit(directory)].map(({ correlation }) => correlation);
const segment = (number: number) => join(directory, `${`${number}`.padStart(8, '0')}.jsonl`);
const head = () => join(directory, 'head.json');
const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

function fill(count: number, options: Partial<AuditLogOptions> = {}, from = 0): void {
  const log = open(options);
  for (let i = from; i < from + count; i++) expect(log.append(entry(`c${i}`))).toBe(true);
}

function edit(path: string, change: (lines: string[]) => readonly (string | undefined)[]): void {
  writeFileSync(path, `${change(linesOf(path)).join('\n')}\n`);
}

describe('what is written', () => {
  test('calls come back oldest first, and by their correlation', () => {
    fill(5);
    expect(correlations()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
    expect(findCall(directory, 'c3')).toEqual(entry('c3'));
    expect(findCall(directory, 'other')).toBeUndefined();
    expect(verify()).toEqual({ calls: 5, segments: [1], lost: 0, problems: [] });
  });

  test('nobody else can read it', () => {
    fill(1);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  test('a log that was never written to is as it should be', () => {
    expect(verify()).toEqual({ calls: 0, segments: [], lost: 0, problems: [] });
    expect(correlations()).toEqual([]);
  });

  test('segments end at their size, the oldest go, and the oldest that is left is the start', () => {
    fill(40, { maxSegmentBytes: 2000, maxSegments: 3 });
    const { segments, calls, problems } = verify();
    expect(problems).toEqual([]);
    expect(segments).toHaveLength(3);
    expect(segments[0]).toBeGreaterThan(1);
    expect(correlations()).toEqual(Array.from({ length: calls }, (_, i) => `c${40 - calls + i}`));
    for (const number of segments) expect(statSync(segment(number)).size).toBeLessThan(3000);
  });

  test('text of all kinds stays what it was', () => {
    const message = 'a\nb\u2028\u0000 "é" \ud800 😀';
    open().append({ ...entry('odd'), outcome: { ok: false, code: 7, message } });
    expect(findCall(directory, 'odd')?.outcome).toEqual({ ok: false, code: 7, message });
    expect(verify().problems).toEqual([]);
  });
});

describe('tampering shows', () => {
  const small = { maxSegmentBytes: 2000 };
  const isShown = () => expect(verify().problems).not.toEqual([]);
  const problem = (number: number, line: number, what: string) => ({
    segment: number,
    line,
    what: expect.stringContaining(what),
  });

  test.each<[string, () => void, number]>([
    ['a changed line', () => edit(segment(1), (all) => all.map((line) => line.replace('"c1"', '"x1"'))), 3],
    ['a removed line', () => edit(segment(1), (all) => all.toSpliced(2, 1)), 3],
    ['lines in another order', () => edit(segment(1), ([a, b, c, ...d]) => [a, c, b, ...d]), 2],
    ['a line twice', () => edit(segment(1), ([a, b, ...c]) => [a, b, b, ...c]), 3],
    ['a key twice', () => edit(segment(1), (all) => all.map((l) => l.replace('"verb":', '"verb":"DEL","verb":'))), 2],
    ['a removed header', () => edit(segment(1), (all) => all.slice(1)), 1],
  ])('%s', (_, tamper, line) => {
    fill(4);
    tamper();
    expect(verify().problems).toContainEqual(problem(1, line, 'changed, removed or moved'));
    fill(2);
    expect(verify().problems).toContainEqual(problem(1, line, 'changed, removed or moved'));
  });

  test('a line of something else', () => {
    fill(4);
    edit(segment(1), ([a, b, ...c]) => [a, b, 'something', ...c]);
    expect(verify().problems).toEqual([problem(1, 3, 'not a line of the log')]);
    expect(correlations()).toEqual(['c0', 'c1', 'c2', 'c3']);
  });

  test.each([
    ['of whole lines', () => edit(segment(1), (all) => all.slice(0, -1))],
    ['in the middle of a line', () => truncateSync(segment(1), statSync(segment(1)).size - 10)],
    ['of all', () => truncateSync(segment(1), 0)],
    ['that takes the file', () => rmSync(segment(1))],
  ])('a cut tail, %s, also after more calls', (_, cut) => {
    fill(4);
    cut();
    expect(verify().problems).toContainEqual(problem(expect.anything(), 0, 'does not end where its head says'));
    fill(2, {}, 10);
    isShown();
    expect(correlations().slice(-2)).toEqual(['c10', 'c11']);
  });

  test('a segment from the middle that is gone, or the last one', () => {
    fill(12, small);
    const last = verify().segments.at(-1) ?? 0;
    expect(last).toBeGreaterThan(2);
    renameSync(segment(2), join(root, 'kept'));
    expect(verify().problems).toContainEqual(problem(3, 0, 'segment 2 before it is missing'));
    renameSync(join(root, 'kept'), segment(2));
    expect(verify().problems).toEqual([]);
    rmSync(segment(last));
    isShown();
    fill(3, small);
    isShown();
  });

  test('a segment in the place of another', () => {
    fill(12, small);
    copyFileSync(segment(1), segment(2));
    isShown();
  });

  test('a head that is gone, or of somebody else, also after more calls', () => {
    for (const tamper of [() => rmSync(head()), () => writeFileSync(head(), '{"head":{},"mac":"00"}')]) {
      fill(3);
      tamper();
      expect(verify().problems).toEqual([problem(1, 0, 'the head')]);
      fill(1);
      isShown();
      rmSync(directory, { recursive: true });
    }
  });

  test('another key', () => {
    fill(2);
    const { problems } = verify(new Seal(Buffer.alloc(32, 2)));
    expect(problems).toHaveLength(4);
    expect(problems).toContainEqual(problem(1, 0, 'the head is not what the log wrote'));
  });

  test('a line that nobody sealed, past the end', () => {
    fill(2);
    const forged = linesOf(segment(1)).at(-1)?.replace('"c1"', '"forged"');
    appendFileSync(segment(1), `${forged}\n`);
    isShown();
    fill(1);
    isShown();
  });
});

/** As after a kill: the last line, to the given byte, and the head of before it. */
function killedAfter(bytes: number | undefined, options: Partial<AuditLogOptions>, before: number): void {
  fill(before, options);
  const [old, headBefore] = [new Map<string, Buffer>(), before === 0 ? undefined : readFileSync(head())];
  for (const name of before === 0 ? [] : readdirSync(directory)) old.set(name, readFileSync(join(directory, name)));
  fill(1, options, before);
  const last = segment(verify().segments.at(-1) ?? 0);
  const start = old.get(last.slice(-14))?.length ?? 0;
  if (bytes !== undefined) truncateSync(last, Math.min(start + bytes, statSync(last).size));
  if (headBefore !== undefined) writeFileSync(head(), headBefore);
}

describe('a writer that was killed', () => {
  test('after the line and before the head: nothing is missing', () => {
    killedAfter(undefined, {}, 2);
    expect(verify().problems).toEqual([]);
    fill(1, {}, 9);
    expect(verify()).toMatchObject({ calls: 4, problems: [] });
    expect(correlations()).toEqual(['c0', 'c1', 'c2', 'c9']);
  });

  test('at any byte of a line: the next one notes the cut, also where that was killed too', () => {
    fill(3);
    const whole = statSync(segment(1)).size;
    fill(1, {}, 3);
    const line = statSync(segment(1)).size - whole;
    rmSync(directory, { recursive: true });
    for (const bytes of [0, 1, 2, 100, line - 2, line - 1, line]) {
      killedAfter(bytes, {}, 3);
      expect(verify().problems).toEqual([]);
      const isWhole = bytes >= line - 1;
      const torn = statSync(segment(1)).size;
      const saved = readFileSync(head());
      fill(1, {}, 9);
      expect(verify()).toMatchObject({ calls: isWhole ? 5 : 4, problems: [] });
      expect(readFileSync(segment(1), 'utf8').includes('"cut":true')).toBe(!isWhole && bytes > 0);
      // The one who was about to note it ends after each byte of that.
      for (const further of bytes === 100 ? [1, 2, 30, 99, 100] : []) {
        writeFileSync(head(), saved);
        truncateSync(segment(1), torn + further);
        expect(verify().problems).toEqual([]);
        fill(1, {}, 9);
        expect(verify()).toMatchObject({ calls: 4, problems: [] });
        writeFileSync(head(), saved);
        truncateSync(segment(1), torn);
        fill(1, {}, 9);
      }
      rmSync(directory, { recursive: true });
    }
  });
});

describe('several processes', () => {
  const script = fileURLToPath(new URL('writer.ts', import.meta.url));
  const start = (name: string, count: number) => {
    const child = spawn(process.execPath, [script, directory, lostFile, name, `${count}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let written = 0;
    child.stdout.on('data', (data: Buffer) => {
      written += data.length;
    });
    return { child, written: () => written };
  };
  const ended = (child: ChildProcess) => new Promise((resolve) => child.once('close', resolve));

  test('eight at once: each call is there or counted as lost, and the chain holds', async () => {
    const writers = Array.from({ length: 8 }, (_, i) => start(`w${i}`, 100));
    await Promise.all(writers.map(({ child }) => ended(child)));
    const written = writers.map((writer) => writer.written());
    const calls = written.reduce((sum, count) => sum + count, 0);
    // On a busy machine one of them may wait for the lock for longer than a writer has patience.
    expect(verify()).toMatchObject({ calls, lost: 800 - calls, problems: [] });
    expect(calls).toBeGreaterThan(400);
    expect(verify().segments.length).toBeGreaterThan(5);
    const all = correlations();
    for (const [i, count] of written.entries()) {
      const own = all.filter((name) => name.startsWith(`w${i}-`)).map((name) => Number(name.slice(3)));
      expect(own).toEqual([...new Set(own)].sort((a, b) => a - b));
      expect(own).toHaveLength(count);
    }
  });

  test('killed at random moments: no call that was written is missing, and the chain holds', async () => {
    let written = 0;
    for (let round = 0; round < 12; round++) {
      // One alone, every other time: nobody else catches up before it is killed too.
      const names = round % 2 === 0 ? ['a', 'b'] : ['a'];
      const writers = names.map((name) => start(`${name}${round}`, 1e6));
      const closed = Promise.all(writers.map(({ child }) => ended(child)));
      while (writers.some((writer) => writer.written() === 0)) await new Promise((done) => setTimeout(done, 5));
      await new Promise((done) => setTimeout(done, Math.random() * 20));
      for (const { child } of writers) child.kill('SIGKILL');
      await closed;
      written += writers.reduce((sum, writer) => sum + writer.written(), 0);
      expect(verify().problems).toEqual([]);
    }
    expect(verify().calls).toBeGreaterThanOrEqual(written);
    expect(new Set(correlations()).size).toBe(verify().calls);
    fill(1);
    expect(verify().problems).toEqual([]);
  }, 60_000);
});

describe('what cannot be written', () => {
  test('is counted where the directory cannot be made', () => {
    writeFileSync(directory, '');
    const log = open();
    expect([log.append(entry('a')), log.append(entry('b'))]).toEqual([false, false]);
    expect(statSync(lostFile).size).toBe(2);
    rmSync(directory);
    expect(log.append(entry('c'))).toBe(true);
    expect(verify()).toEqual({ calls: 1, segments: [1], lost: 2, problems: [] });
  });

  test('is counted later where it cannot be counted either', () => {
    writeFileSync(directory, '');
    writeFileSync(join(root, 'run'), '');
    const log = open();
    expect([log.append(entry('a')), log.append(entry('b'))]).toEqual([false, false]);
    rmSync(directory);
    rmSync(join(root, 'run'));
    expect(log.append(entry('c'))).toBe(true);
    expect(verify()).toMatchObject({ calls: 1, lost: 2, problems: [] });
  });

  test('is counted where somebody keeps the lock, after a second', () => {
    fill(1);
    using _held = lockFile(join(directory, 'lock'), Deadline.in(0));
    const began = performance.now();
    expect(open().append(entry('late'))).toBe(false);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(verify()).toMatchObject({ calls: 1, lost: 1, problems: [] });
  });

  test('is counted where it is no JSON', () => {
    const access = { kind: 1n };
    const odd: AuditEntry = { ...entry('odd'), operations: [{ plugin: 'x', access, decision: 'allowed' }] };
    expect(open().append(odd)).toBe(false);
    fill(1);
    expect(verify()).toMatchObject({ calls: 1, lost: 1, problems: [] });
  });

  /** Skips the test where nothing may be mounted. */
  function mounted(skip: (note: string) => never, options: string, use: () => void): void {
    mkdirSync(directory, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', directory], { stdio: 'ignore' });
    } catch {
      skip('may not mount');
    }
    try {
      use();
    } finally {
      closeAll();
      execFileSync('umount', [directory]);
    }
  }

  test('a full disk: each call is written or lost, and the chain holds when there is room again', ({ skip }) => {
    mounted(skip, 'size=64k,mode=700', () => {
      const filler = join(directory, 'filler');
      let [written, lost] = [0, 0];
      // Room runs out at another point each time.
      for (let round = 0; round < 12; round++) {
        const log = open({ maxSegmentBytes: 6000 + 331 * round, maxSegments: 4 });
        for (let i = 0; i < 40; i++) {
          if (i === 10) {
            try {
              for (;;) appendFileSync(filler, Buffer.alloc(512));
            } catch {
              // It is full.
            }
          }
          if (i === 30) rmSync(filler);
          if (log.append(entry(`${round}-${i}`))) written++;
          else lost++;
          expect(verify().problems).toEqual([]);
        }
      }
      expect(lost).toBeGreaterThan(0);
      expect(verify().lost).toBe(lost);
      expect(written + lost).toBe(480);
      expect(new Set(correlations()).size).toBe(verify().calls);
    });
  });

  test('a file system that is read-only', ({ skip }) => {
    mounted(skip, 'ro', () => {
      expect(open().append(entry('a'))).toBe(false);
      expect(verify()).toEqual({ calls: 0, segments: [], lost: 1, problems: [] });
    });
  });
});

describe('files stay open between calls, but what is at their paths counts', () => {
  test('a directory that somebody moves away: the log goes on in a new one', () => {
    const log = open();
    for (const name of ['a', 'b']) expect(log.append(entry(name))).toBe(true);
    renameSync(directory, join(root, 'kept'));
    for (const name of ['c', 'd']) expect(log.append(entry(name))).toBe(true);
    expect(correlations()).toEqual(['c', 'd']);
    expect(verify()).toMatchObject({ calls: 2, problems: [] });
    expect(verifyAudit(join(root, 'kept'), seal, lostFile)).toMatchObject({ calls: 2, problems: [] });
  });

  test('a segment that somebody moves away is missed, as it is by a log that was opened since', () => {
    const [one, other] = [open(), open()];
    expect(one.append(entry('a'))).toBe(true);
    renameSync(segment(1), join(root, 'moved'));
    expect(one.append(entry('b'))).toBe(true);
    expect(other.append(entry('c'))).toBe(true);
    expect(correlations()).toEqual(['b', 'c']);
    expect(verify().problems).not.toEqual([]);
  });

  test('two logs of one directory see what the other one wrote, across segments', () => {
    const [one, other] = [open({ maxSegmentBytes: 2000 }), open({ maxSegmentBytes: 2000 })];
    for (let i = 0; i < 20; i++) expect((i % 3 === 0 ? one : other).append(entry(`c${i}`))).toBe(true);
    expect(correlations()).toEqual(Array.from({ length: 20 }, (_, i) => `c${i}`));
    expect(verify()).toMatchObject({ calls: 20, problems: [] });
    expect(verify().segments.length).toBeGreaterThan(2);
  });

  test('closing it gives them back, and it opens them again', () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const log = open();
    const before = count();
    expect(log.append(entry('a'))).toBe(true);
    expect(count()).toBe(before + 3);
    log.close();
    expect(count()).toBe(before);
    expect(log.append(entry('b'))).toBe(true);
    expect(verify()).toMatchObject({ calls: 2, problems: [] });
  });
});

test('a call is written down in well under a millisecond, where the disk takes no time', () => {
  directory = mkdtempSync('/dev/shm/bulkhead-audit-');
  try {
    const log = open();
    for (let i = 0; i < 50; i++) log.append(entry('warm'));
    const times = Array.from({ length: 200 }, () => {
      const began = performance.now();
      log.append(entry('timed'));
      return performance.now() - began;
    });
    expect(times.toSorted((a, b) => a - b)[100]).toBeLessThan(1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
