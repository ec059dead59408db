import { expect, test } from 'vitest';
import { auditedConfiguration, sha256 } from '../../../host/audit/entry.ts';
import { at } from '../../../host/calls/request.ts';
import { decodeConfiguration } from '../../../host/cni/configuration.ts';

function audited(configuration: object) {
  const stdin = Buffer.from(JSON.stringify({ cniVersion: '1.1.0', name: 'pods', type: 'bridge', ...configuration }));
  const { document } = decodeConfiguration(stdin);
  return { stdin, configuration: auditedConfiguration((pointer) => at(document, pointer), stdin) };
}

test('the fields of the allow list are written down, and all else by the digest alone', () => {
  const ranges = [[{ subnet: '10.1.0.0/16', rangeStart: '10.1.0.9' }]];
  const { stdin, configuration } = audited({
    bridge: 'br0',
    mtu: 1400,
    ipMasq: true,
    password: 'SECRET',
    ipam: { type: 'host-local', ranges, token: 'SECRET' },
    args: { cni: { key: 'SECRET' } },
    prevResult: { note: 'SECRET' },
  });
  expect(configuration).toEqual({
    sha256: sha256(stdin),
    fields: {
      ...{ cniVersion: '1.1.0', name: 'pods', type: 'bridge', bridge: 'br0', mtu: 1400, ipMasq: true },
      ...{ 'ipam.type': 'host-local', 'ipam.ranges': ranges },
    },
  });
});

test('a secret inside of an allowed field is not written down', () => {
  const { configuration } = audited({
    bridge: { password: 'SECRET' },
    vlan: [{ key: 'SECRET' }],
    runtimeConfig: { ips: [{ key: ['SECRET'] }] },
    ipam: { ranges: [[{ subnet: '10.1.0.0/16', gateway: { key: 'SECRET' }, token: 'SECRET' }]] },
  });
  expect(JSON.stringify(configuration)).not.toContain('SECRET');
  expect(configuration.fields['ipam.ranges']).toEqual([[{ subnet: '10.1.0.0/16' }]]);
});
