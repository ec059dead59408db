import { describe, expect, test } from 'vitest';
import {
  bodyLength,
  decodeBody,
  decodeHeader,
  encodeAnswer,
  encodeRefusal,
  ProtocolError,
  requestHeaderSize,
} from '../../../host/daemon/protocol.ts';

/** As native/shim writes it. */
function encodeRequest(type: string, variables: readonly string[], stdin: string, flags = 1): Buffer {
  const environment = variables.map((one) => `${one}\0`).join('');
  const header = Buffer.alloc(requestHeaderSize);
  const lengths = [type, environment, stdin].map((text) => Buffer.byteLength(text));
  for (const [i, number] of [0x314b_4c42, flags, ...lengths, 0].entries()) header.writeUInt32LE(number, 4 * i);
  for (const [i, number] of [5n, 6n, 7n].entries()) header.writeBigUInt64LE(number, 24 + 8 * i);
  return Buffer.concat([header, Buffer.from(type + environment + stdin)]);
}

describe('a request', () => {
  test('has type, environment and configuration, whatever is in them', () => {
    const bytes = encodeRequest('bridge', ['CNI_COMMAND=ADD', 'CNI_ARGS=a=b;c=ü', 'CNI_PATH='], '{"name":"ü"}');
    const header = decodeHeader(bytes);
    expect(header).toMatchObject({ sandbox: 'attached', began: 5n, mountNamespace: 6n, userNamespace: 7n });
    const body = bytes.subarray(requestHeaderSize);
    expect(bodyLength(header)).toBe(body.length);
    const { type, environment, stdin } = decodeBody(header, body);
    expect([type, environment, Buffer.from(stdin).toString()]).toEqual([
      'bridge',
      { CNI_COMMAND: 'ADD', CNI_ARGS: 'a=b;c=ü', CNI_PATH: '' },
      '{"name":"ü"}',
    ]);
  });

  test.each([
    [0, 'none'],
    [1, 'attached'],
    [2, 'missing'],
  ] as const)('with flags %d has the namespace %s', (flags, sandbox) => {
    expect(decodeHeader(encodeRequest('x', [], '', flags)).sandbox).toBe(sandbox);
  });

  test('that begins with something else, or is too large, is none', () => {
    const bytes = encodeRequest('x', [], '');
    expect(() => decodeHeader(Buffer.alloc(requestHeaderSize))).toThrow(ProtocolError);
    for (const at of [8, 12, 16]) {
      const large = Buffer.from(bytes);
      large.writeUInt32LE(0xffff_ffff, at);
      expect(() => decodeHeader(large)).toThrow('too large');
    }
  });
});

test('an answer has its status and both texts', () => {
  const bytes = Buffer.from(encodeAnswer({ stdout: '{"ü":1}', stderr: 'why', exitCode: 1 }));
  expect([bytes.readUInt32LE(0), bytes[4], bytes[5], bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).toEqual([
    ...[0x314b_4c42, 0, 1, 8, 3],
  ]);
  expect(bytes.toString('utf8', 16)).toBe('{"ü":1}why');
  expect(Buffer.from(encodeRefusal())[4]).toBe(1);
});
