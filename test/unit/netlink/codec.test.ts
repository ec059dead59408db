import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attribute, attributes, repeated } from '../../../host/netlink/attributes.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from '../../../host/netlink/decode-error.ts';
import { struct, u8, u16, u32 } from '../../../host/netlink/fixed.ts';
import { decodeFrames, encodeFrame } from '../../../host/netlink/frame.ts';
import { message } from '../../../host/netlink/message.ts';
import { text } from '../../../host/netlink/payload.ts';
import { schemas, valuesOf } from './schemas.ts';

describe.each(Object.entries(schemas))('%s', (_, schema) => {
  test('reads back what it wrote', () => {
    fc.assert(
      fc.property(valuesOf(schema), (value) => {
        expect(schema.decode(schema.encode(value))).toEqual(value);
      }),
    );
  });

  test('reads any bytes, or says that it cannot', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(() => schema.decode(bytes))));
  });

  test('reads what it wrote with bytes changed and cut off, or says that it cannot', () => {
    const damage = fc.record({ at: fc.nat(300), to: fc.nat(255), length: fc.nat(400) });
    fc.assert(
      fc.property(valuesOf(schema), damage, (value, { at, to, length }) => {
        const bytes = schema.encode(value).slice(0, length);
        if (at < bytes.length) bytes[at] = to;
        survives(() => schema.decode(bytes));
      }),
    );
  });
});

test('frames read any bytes, or say that they cannot', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(() => decodeFrames(bytes))));
});

test('frames read back what they wrote, several in a datagram', () => {
  const frame = fc.record(
    {
      type: fc.nat(0xffff),
      flags: fc.nat(0xffff),
      sequence: fc.nat(),
      port: fc.nat(),
      payload: fc.uint8Array({ maxLength: 40 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(frame), (frames) => {
      const datagram = Buffer.concat(frames.flatMap((each) => [padded(encodeFrame(each))]));
      expect(decodeFrames(datagram).map((each) => ({ ...each, payload: Uint8Array.from(each.payload) }))).toEqual(
        frames,
      );
    }),
  );
});

const sample = message(
  { family: u8, type: u16, index: u32 },
  { name: attribute(3, text), info: attribute(18, attributes({ kind: attribute(1, text), ids: repeated(2, u16) })) },
);

test('bytes are those of the kernel: C padding, lengths with headers, attributes at multiples of four', () => {
  const bytes = sample.encode({ family: 7, type: 0x0102, index: 5, name: 'eth0', info: { ids: [1] } });
  expect(Buffer.from(bytes).toString('hex')).toBe(
    [
      '07',
      '00',
      '0201',
      '05000000',
      '0900',
      '0300',
      '6574683000',
      '000000',
      '0c00',
      '1280',
      '0600',
      '0200',
      '0100',
      '0000',
    ].join(''),
  );
});

test('attributes that nobody declared are passed over, flags of their type too', () => {
  const bytes = Buffer.from('0700020105000000' + '0800990001020304' + '09000380' + '6574683000000000', 'hex');
  expect(sample.decode(bytes)).toEqual({ family: 7, type: 0x0102, index: 5, name: 'eth0' });
});

test('an error names the attribute, outermost first', () => {
  const bytes = Buffer.from('0700020105000000' + '0d001280' + '0900020001020304' + '05000000', 'hex');
  expect(() => sample.decode(bytes)).toThrow('info.ids: has 5 bytes instead of 2');
  expect(() => sample.decode(bytes.subarray(0, 6))).toThrow('a message of 6 bytes is shorter than its header of 8');
  expect(() => sample.decode(bytes.subarray(0, 12))).toThrow('an attribute at byte 0 is cut off: 4 of 13 bytes');
});

test('values that do not fit are refused rather than cut', () => {
  const refused = [
    { family: 256 },
    { family: -1 },
    { type: 1.5 },
    { index: 2 ** 32 },
    { name: 'a\0b' },
    { name: 'x'.repeat(70_000) },
  ];
  for (const value of refused) expect(() => sample.encode(value)).toThrow(NetlinkEncodeError);
});

test('a struct ends at a multiple of its alignment', () => {
  expect(struct({ a: u32, b: u8 }).size).toBe(8);
  expect(struct({ a: u8, b: u8, c: u8 }).size).toBe(3);
});

test('a name cannot stand for a header field and an attribute at once', () => {
  expect(() => message({ index: u32 }, { index: attribute(1, u32) })).toThrow(TypeError);
});

function survives(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof NetlinkDecodeError)) throw error;
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
