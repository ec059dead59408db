import fc from 'fast-check';
import { formatIp } from '../../../host/net/ip.ts';
import { acknowledgementAttributes } from '../../../host/netlink/acknowledgement.ts';
import type { Attributes } from '../../../host/netlink/attributes.ts';
import type { Codec } from '../../../host/netlink/codec.ts';
import { s32, u8, u16, u16be, u32 } from '../../../host/netlink/fixed.ts';
import { binary, ipAddress, text, unterminatedText } from '../../../host/netlink/payload.ts';
import { addressMessage } from '../../../host/netlink/route/address.ts';
import { bridgePortMessage, bridgeSpecification, portAttributes } from '../../../host/netlink/route/bridge-port.ts';
import {
  bridgeData,
  ipvlanData,
  linkInfo,
  linkMessage,
  macvlanData,
  vethData,
  vlanData,
  vrfData,
} from '../../../host/netlink/route/link.ts';
import { nextHops } from '../../../host/netlink/route/next-hops.ts';
import { routeMessage, routeMetrics } from '../../../host/netlink/route/route.ts';
import { via } from '../../../host/netlink/route/via.ts';

/** Every schema there is, by the name of the test. A new one belongs here. */
export const schemas: Readonly<Record<string, Codec<unknown>>> = {
  acknowledgementAttributes,
  addressMessage,
  bridgeData,
  bridgePortMessage,
  bridgeSpecification,
  ipvlanData,
  linkInfo,
  linkMessage,
  macvlanData,
  nextHops,
  portAttributes,
  routeMessage,
  routeMetrics,
  vethData,
  via,
  vlanData,
  vrfData,
};

const someText = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
const someIp = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(formatIp);

const leaves = new Map<unknown, fc.Arbitrary<unknown>>([
  [u8, fc.integer({ min: 0, max: 0xff })],
  [u16, fc.integer({ min: 0, max: 0xffff })],
  [u16be, fc.integer({ min: 0, max: 0xffff })],
  [u32, fc.integer({ min: 0, max: 0xffff_ffff })],
  [s32, fc.integer()],
  [text, someText],
  [unterminatedText, someText],
  [binary, fc.uint8Array({ maxLength: 40 })],
  [ipAddress, someIp],
  [via, someIp],
]);
leaves.set(
  nextHops,
  fc.array(
    fc.record(
      {
        flags: fc.integer({ min: 0, max: 0xff }),
        hops: fc.integer({ min: 0, max: 0xff }),
        index: fc.integer(),
        gateway: someIp,
        via: someIp,
      },
      { requiredKeys: ['flags', 'hops', 'index'], noNullPrototype: true },
    ),
    { maxLength: 4 },
  ),
);

/** Values of a schema, worked out from its declaration. */
export function valuesOf(schema: unknown): fc.Arbitrary<unknown> {
  const leaf = leaves.get(schema);
  if (leaf !== undefined) return leaf;
  const { header = {}, fields = {}, attributes = {} } = schema as Declared;
  const required = { ...header, ...fields };
  const optional = Object.entries(attributes).map(([name, attribute]) => {
    const values = valuesOf(attribute.codec);
    return [name, 'repeated' in attribute ? fc.array(values, { minLength: 1, maxLength: 3 }) : values] as const;
  });
  return fc.record(
    {
      ...Object.fromEntries(Object.entries(required).map(([name, field]) => [name, valuesOf(field)])),
      ...Object.fromEntries(optional),
    },
    { requiredKeys: Object.keys(required), noNullPrototype: true },
  );
}

interface Declared {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly attributes?: Attributes;
}
