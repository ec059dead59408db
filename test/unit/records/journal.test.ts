import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Effect, SharedObject } from '../../../host/operations/effect.ts';
import { readJournal } from '../../../host/records/journal.ts';
import { RecordStore } from '../../../host/records/store.ts';
import { Deadline } from '../../../host/system/deadline.ts';
import { LockTimeout } from '../../../host/system/flock.ts';

const attachment = { network: 'net', containerId: 'c1', interfaceName: 'eth0', type: 'bridge' };
const inside = (name: string): Effect => ({ kind: 'link.create', door: 'sandbox', name, linkKind: 'veth' });
const link = (name: string): Effect => ({ kind: 'link.create', door: 'host', name, linkKind: 'veth' });
const bridge = 'link cni0' as SharedObject;

let directory: string;
let store: RecordStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-records-'));
  store = new RecordStore(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () => store.open(attachment, Deadline.in(0));
const textOf = () => readFileSync(join(directory, readdirSync(directory)[0] ?? ''), 'utf8');

describe('the record of an attachment', () => {
  test('has what a call did, and gives it to the next one', () => {
    {
      using record = open();
      record.begin('boot', 42n);
      record.done(record.intend(link('veth1')));
      record.intend(link('cni0'), bridge);
      record.use(bridge);
    }
    {
      using record = open();
      expect(record.state).toMatchObject({ attachment, boot: 'boot', sandbox: '42', committed: [], lives: false });
      expect(record.state.open).toEqual([
        { number: 0, effect: link('veth1'), object: undefined, state: 'done' },
        { number: 1, effect: link('cni0'), object: bridge, state: 'intent' },
      ]);
      record.undone(0);
      record.commit();
    }
    using record = open();
    expect(record.state).toMatchObject({ open: [], lives: true, nextNumber: 2 });
    expect(record.state.committed.map(({ number }) => number)).toEqual([1]);
  });

  test('that says nothing leaves no file, and one that was removed is another by then', () => {
    open()[Symbol.dispose]();
    expect(readdirSync(directory)).toEqual([]);
    {
      using record = open();
      record.begin('boot', undefined);
      record.intend(link('veth1'));
      record.remove();
    }
    using record = open();
    expect(record.state.open).toEqual([]);
  });

  test('that a killed call left empty is removed, where no call has it', () => {
    writeFileSync(join(directory, 'left'), '');
    {
      using record = open();
      record.begin('boot', undefined);
      store.removeEmpty();
      expect(readdirSync(directory)).toHaveLength(1);
      record.intend(link('veth1'));
      record.done(0);
      record.commit();
    }
    store.removeEmpty();
    expect(readdirSync(directory)).toHaveLength(1);
    expect(store.peek(attachment)?.lives).toBe(true);
  });

  test('of another sandbox says nothing of what was done inside of the one before', () => {
    const lease: Effect = { kind: 'lease.reserve', directory: '/leases' };
    {
      using record = open();
      record.begin('boot', 42n);
      for (const effect of [link('veth1'), inside('eth0'), lease]) record.done(record.intend(effect));
      record.commit();
      record.begin('boot', 42n);
      record.done(record.intend(inside('eth1')));
      record.intend(link('veth2'));
      expect(record.state.committed).toHaveLength(3);
    }
    using record = open();
    expect(record.state.open).toHaveLength(2);
    record.begin('boot', 43n);
    for (const state of [record.state, readJournal(textOf())]) {
      expect(state).toMatchObject({ attachment, sandbox: '43', lives: true, nextNumber: 5 });
      expect(state.committed.map(({ effect }) => effect)).toEqual([link('veth1'), lease]);
      expect(state.open.map(({ effect }) => effect)).toEqual([link('veth2')]);
    }
    record.done(record.intend(inside('eth0')));
    record.commit();
    expect(readJournal(textOf()).committed.map(({ effect }) => effect)).toEqual([
      ...[link('veth1'), lease, link('veth2'), inside('eth0')],
    ]);
  });

  test('knows again the call that it was answered to last, until there is another one', () => {
    using record = open();
    record.begin('boot', 42n);
    expect(record.answerTo('7')).toBeUndefined();
    record.commit({ call: '7', result: '{ "a": "é" }' });
    expect([record.answerTo('7'), record.answerTo('8'), record.answerTo(undefined)]).toEqual([
      ...['{ "a": "é" }', undefined, undefined],
    ]);
    expect(readJournal(textOf()).answer).toEqual({ call: '7', result: '{ "a": "é" }' });
    record.commit();
    expect([record.answerTo('7'), record.answerTo(undefined)]).toEqual([undefined, undefined]);
  });

  test('is one call at a time', () => {
    using _first = open();
    expect(open).toThrow(LockTimeout);
    expect(open).toThrow('cannot lock attachment c1 eth0');
  });

  test('is used by others where another attachment relies on the object', () => {
    using other = store.open({ ...attachment, containerId: 'c2' }, Deadline.in(0));
    other.begin('boot', undefined);
    expect(store.isUsedByOthers(bridge, attachment)).toBe(false);
    other.use(bridge);
    expect(store.isUsedByOthers(bridge, attachment)).toBe(true);
    expect(store.isUsedByOthers(bridge, { ...attachment, containerId: 'c2' })).toBe(false);
  });
});

interface Step {
  readonly do: 'begin' | 'intend' | 'enter' | 'commit' | 'use' | 'done' | 'undone';
  readonly number?: number;
}
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('intend' as const, 'enter' as const, 'commit' as const, 'use' as const) }),
    fc.record({ do: fc.constantFrom('begin' as const, 'done' as const, 'undone' as const), number: fc.nat(6) }),
  ),
  { maxLength: 20 },
);

function take(record: ReturnType<typeof open>, step: Step): void {
  if (step.do === 'intend') record.intend(link('veth1'));
  else if (step.do === 'enter') record.intend(inside('eth0'));
  else if (step.do === 'begin') record.begin('boot', BigInt(step.number ?? 0));
  else if (step.do === 'commit') record.commit();
  else if (step.do === 'use') record.use(bridge);
  else record[step.do](step.number ?? 0);
}

test('what a record says while it is written is what is read from it', () => {
  fc.assert(
    fc.property(steps, (all) => {
      using record = open();
      record.begin('boot', 1n);
      for (const step of all) take(record, step);
      // What is done is written with what comes next.
      record.intend(link('veth9'));
      expect(readJournal(textOf())).toEqual(record.state);
      record.remove();
    }),
  );
});

test('a record that is cut anywhere is one of before, and goes on from there', () => {
  {
    using record = open();
    record.begin('boot', 1n);
    for (const name of ['a', 'b', 'c']) record.done(record.intend(link(name)));
    record.commit();
  }
  const whole = textOf();
  const [file = ''] = readdirSync(directory);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(join(directory, file), whole.slice(0, length));
    const complete = readJournal(whole.slice(0, whole.lastIndexOf('\n', length - 1) + 1));
    const isWhole = whole[length] === '\n';
    using record = open();
    if (!isWhole) expect(record.state).toEqual(complete);
    record.begin('boot', 1n);
    const number = record.intend(link('next'));
    expect(number).toBe(record.state.nextNumber - 1);
    expect(readJournal(textOf())).toEqual(record.state);
  }
});
