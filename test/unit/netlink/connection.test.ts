import { describe, expect, test } from 'vitest';
import { encodeAcknowledgement } from '../../../host/netlink/acknowledgement.ts';
import { NetlinkConnection } from '../../../host/netlink/connection.ts';
import { NetlinkDecodeError } from '../../../host/netlink/decode-error.ts';
import { NetlinkOverrun, NetlinkRefusal, NetlinkTimeout, NetlinkUnsteadyDump } from '../../../host/netlink/errors.ts';
import { s32, u32 } from '../../../host/netlink/fixed.ts';
import {
  type Frame,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from '../../../host/netlink/frame.ts';
import { Deadline } from '../../../host/system/deadline.ts';
import { errnoNumbers } from '../../../host/system/errno.ts';
import { FakeSocket, type Script } from './fake-socket.ts';

const request = { type: 18, payload: u32.encode(7) };
const item = (value: number, flags = NLM_F_MULTI) => ({ flags, payload: u32.encode(value) });
const done = { type: NLMSG_DONE, flags: NLM_F_MULTI, payload: s32.encode(0) };
const answerWith = (errno: number, text?: string) => (asked: Frame) => ({
  type: NLMSG_ERROR,
  flags: NLM_F_CAPPED | NLM_F_ACK_TLVS,
  payload: encodeAcknowledgement({ errno, text }, asked),
});
const acknowledge = answerWith(0);

function connect(...scripts: Script[]) {
  const socket = new FakeSocket(...scripts);
  const connection = new NetlinkConnection(socket);
  return {
    socket,
    connection,
    execute: () => connection.execute(request, u32, Deadline.never),
    dump: () => connection.dump(request, u32, Deadline.never),
  };
}

test('a request is acknowledged, and what comes before the acknowledgement is its answer', () => {
  const { execute, socket } = connect((asked) => [[item(5, 0)], [acknowledge(asked)]]);
  expect(execute()).toEqual([5]);
  expect(socket.requests[0]).toMatchObject({ type: 18, flags: NLM_F_REQUEST | NLM_F_ACK });
});

test('a refusal has the errno and the words of the kernel, and leaves the connection whole', () => {
  const { execute, connection } = connect((asked) => [[answerWith(errnoNumbers.EEXIST, 'already there')(asked)]]);
  expect(execute).toThrow(NetlinkRefusal);
  expect(execute).toThrow('file exists (already there)');
  expect(connection.broken).toBe(false);
});

test('an acknowledgement that repeats the request is read past it', () => {
  const { execute } = connect((asked) => {
    const capped = encodeAcknowledgement({ errno: 22, text: 'no' }, { ...asked });
    const body = Buffer.concat([capped.subarray(0, 20), Buffer.alloc(8), capped.subarray(20)]);
    body.writeUInt32LE(16 + 8, 4);
    return [[{ type: NLMSG_ERROR, flags: NLM_F_ACK_TLVS, payload: body }]];
  });
  expect(execute).toThrow('invalid argument (no)');
});

test('a dump comes in parts until it is done', () => {
  const { dump, socket } = connect(() => [[item(1), item(2)], [item(3)], [done]]);
  expect(dump()).toEqual([1, 2, 3]);
  expect(socket.requests[0]?.flags).toBe(NLM_F_REQUEST | NLM_F_DUMP);
});

test('a dump that was torn is asked for again', () => {
  const torn: Script = () => [[item(1, NLM_F_MULTI | NLM_F_DUMP_INTR)], [done]];
  const tornAtTheEnd: Script = () => [[item(1)], [{ ...done, flags: NLM_F_MULTI | NLM_F_DUMP_INTR }]];
  const interrupted: Script = () => [[{ ...done, payload: s32.encode(-errnoNumbers.EINTR) }]];
  const { dump, socket } = connect(torn, tornAtTheEnd, interrupted, () => [[item(1), item(2), done]]);
  expect(dump()).toEqual([1, 2]);
  expect(socket.requests.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
});

test('a dump that is torn for ever is given up', () => {
  const { dump, socket } = connect(() => [[item(1, NLM_F_MULTI | NLM_F_DUMP_INTR), done]]);
  expect(dump).toThrow(NetlinkUnsteadyDump);
  expect(socket.requests).toHaveLength(100);
});

test('a dump is not asked for again when the time is over', () => {
  const { connection, socket } = connect(() => [[item(1, NLM_F_MULTI | NLM_F_DUMP_INTR), done]]);
  expect(() => connection.dump(request, u32, Deadline.in(0))).toThrow('1 times in a row');
  expect(socket.requests).toHaveLength(1);
});

test('a dump fails with the error at its end', () => {
  const { dump } = connect(() => [[item(1)], [{ ...done, payload: s32.encode(-errnoNumbers.ENODEV) }]]);
  expect(dump).toThrow('no such device');
});

test('answers to other requests and empty messages are passed over', () => {
  const { execute } = connect((asked) => [
    [{ ...item(98, 0), sequence: 4_000_000 }],
    [{ type: NLMSG_NOOP }, item(5, 0)],
    [acknowledge(asked)],
  ]);
  expect(execute()).toEqual([5]);
});

test.for([
  ['a time-out', NetlinkTimeout, [] as const],
  ['an overrun', NetlinkOverrun, [[{ type: NLMSG_OVERRUN }]] as const],
  ['ENOBUFS', NetlinkOverrun, [new NetlinkOverrun()] as const],
  ['an answer of the wrong size', NetlinkDecodeError, [[{ payload: new Uint8Array(3) }]] as const],
  ['an unknown control message', NetlinkDecodeError, [[{ type: 9 }]] as const],
  ['a short acknowledgement', NetlinkDecodeError, [[{ type: NLMSG_ERROR, payload: new Uint8Array(4) }]] as const],
] as const)('%s ends the connection, since answers may still be under way', ([, error, answers]) => {
  const { execute, connection, socket } = connect(() => answers);
  expect(execute).toThrow(error);
  expect(connection.broken).toBe(true);
  expect(socket.closed).toBe(true);
});

describe('several things that are done together', () => {
  const requests = [1, 2, 3].map((value) => ({ type: 18, payload: u32.encode(value) }));
  const all = (connection: NetlinkConnection) => connection.executeAll(requests, Deadline.never);

  test('go in one datagram, of which the last is acknowledged', () => {
    const { connection, socket } = connect(
      () => [],
      () => [],
      (asked) => [[acknowledge(asked)]],
    );
    expect(all(connection)).toBeUndefined();
    expect(socket.datagrams).toBe(1);
    expect(socket.requests.map(({ flags, payload }) => [flags, u32.decode(payload)])).toEqual([
      [NLM_F_REQUEST, 1],
      [NLM_F_REQUEST, 2],
      [NLM_F_REQUEST | NLM_F_ACK, 3],
    ]);
  });

  test('are all answered, and the first that was refused is named', () => {
    const { connection, socket } = connect(
      () => [],
      (asked) => [[answerWith(errnoNumbers.EEXIST, 'the second')(asked)]],
      (asked) => [[answerWith(errnoNumbers.EPERM)(asked)]],
    );
    const refused = all(connection);
    expect(refused?.position).toBe(1);
    expect(refused?.refusal.message).toContain('the second');
    expect(connection.broken).toBe(false);
    expect(() => socket.receive(Deadline.never)).toThrow(NetlinkTimeout);
  });

  test('may be answered in one datagram', () => {
    let first: Frame | undefined;
    const { connection } = connect(
      (asked) => {
        first = asked;
        return [];
      },
      () => [],
      (asked) => [
        [
          { ...answerWith(errnoNumbers.EBUSY)(asked), sequence: first?.sequence ?? 0 },
          { ...item(7), sequence: 4_000_000 },
          acknowledge(asked),
        ],
      ],
    );
    expect(all(connection)).toMatchObject({ position: 0 });
  });

  test('end the connection where the last is not answered', () => {
    const { connection } = connect(
      (asked) => [[answerWith(errnoNumbers.EBUSY)(asked)]],
      () => [],
    );
    expect(() => all(connection)).toThrow(NetlinkTimeout);
    expect(connection.broken).toBe(true);
  });
});

describe('something that is done, and a question right after it', () => {
  const ask = (connection: NetlinkConnection) =>
    connection.executeAndFind(request, { ...request, type: 20 }, u32, Deadline.never);

  test('go in one datagram, without acknowledgement', () => {
    const { connection, socket } = connect(
      () => [],
      () => [[item(5, 0)]],
    );
    expect(ask(connection)).toEqual({ value: 5 });
    expect(socket.datagrams).toBe(1);
    expect(socket.requests.map(({ type, flags }) => [type, flags])).toEqual([
      [18, NLM_F_REQUEST],
      [20, NLM_F_REQUEST],
    ]);
  });

  test('a refusal of the first counts, whatever is answered to the question', () => {
    const refuse: Script = (asked) => [[answerWith(errnoNumbers.EEXIST)(asked)]];
    for (const answer of [() => [[item(5, 0)]], (asked: Frame) => [[answerWith(errnoNumbers.ENODEV)(asked)]]]) {
      const { connection, socket } = connect(refuse, answer);
      expect(() => ask(connection)).toThrow('file exists');
      expect(connection.broken).toBe(false);
      expect(() => socket.receive(Deadline.never)).toThrow(NetlinkTimeout);
    }
  });

  test('a refusal of the question is none of what was done', () => {
    const { connection } = connect(
      () => [],
      (asked) => [[answerWith(errnoNumbers.EPERM)(asked)]],
    );
    expect(ask(connection).refusal?.acknowledgement.errno).toBe(errnoNumbers.EPERM);
    expect(connection.broken).toBe(false);
  });
});

test('requests in the background go in one datagram, past refusals, and each has its answer', async () => {
  const { connection, socket } = connect(
    (asked) => [[answerWith(errnoNumbers.ENODEV)(asked)]],
    (asked) => [[acknowledge(asked)]],
  );
  const answers = await connection.executeInBackground([request, { ...request, type: 17 }]);
  expect(answers.map(({ errno }) => errno + 0)).toEqual([errnoNumbers.ENODEV, 0]);
  expect(socket.requests.map(({ type, flags }) => [type, flags])).toEqual([
    [18, NLM_F_REQUEST | NLM_F_ACK],
    [17, NLM_F_REQUEST | NLM_F_ACK],
  ]);
});

test('a request in the background that is not answered breaks the connection', async () => {
  const { connection } = connect(() => []);
  await expect(connection.executeInBackground([request])).rejects.toThrow(NetlinkTimeout);
  expect(connection.broken).toBe(true);
});
