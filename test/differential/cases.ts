import fc from 'fast-check';

/** A network that both implementations are to make the same of. `{LEASES}` stands for the lease directory of either. */
export interface Case {
  readonly config: Readonly<Record<string, unknown>>;
  readonly args: string;
}

/** What a plugin has keys for; older releases of the reference have fewer. */
export interface Features {
  /** portIsolation, disableContainerInterface, ipMasqBackend; fields of routes but destination and gateway. */
  readonly modern: boolean;
}

const flag = fc.boolean();
const rare = fc.integer({ min: 0, max: 4 }).map((one) => one === 0);
const few = <T>(of: fc.Arbitrary<T>, most: number) => fc.array(of, { maxLength: most });
/** Most often what works: of a case that fails at once there is little to see. */
const mac = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('0a:00:00:00:00:01', '02-00-00-00-00-02', '0200.0000.0003', '') },
  { weight: 1, arbitrary: fc.constantFrom('01:00:5e:00:00:01', 'x') },
);

const subnet4 = fc.constantFrom(
  '10.1.0.0/24',
  '10.2.0.0/16',
  '192.168.7.0/28',
  '10.3.3.0/30',
  '172.16.0.0/12',
  '10.4.0.0/25',
);
const subnet6 = fc.constantFrom('fd00:1::/64', 'fd00:2::/112', '2001:db8::/48');

const range = (subnet: fc.Arbitrary<string>) =>
  subnet.chain((text) => {
    const base = text.replace(/\/.*$/, '');
    const nth = (n: number) => (text.includes(':') ? `${base}${n.toString(16)}` : base.replace(/\d+$/, String(n)));
    const small = fc.integer({ min: 1, max: 14 }).map(nth);
    return fc.record(
      { subnet: fc.constant(text), rangeStart: small, rangeEnd: small, gateway: small },
      { requiredKeys: ['subnet'] },
    );
  });

const rangeSets = fc.oneof(
  { weight: 5, arbitrary: range(subnet4).map((one) => [[one]]) },
  { weight: 3, arbitrary: fc.tuple(range(subnet4), range(subnet6)).map(([four, six]) => [[four], [six]]) },
  { weight: 1, arbitrary: range(subnet6).map((one) => [[one]]) },
  { weight: 1, arbitrary: fc.tuple(range(subnet4), range(subnet4)).map((two) => [two]) },
  { weight: 1, arbitrary: fc.tuple(range(subnet4), range(subnet4)).map(([one, two]) => [[one], [two]]) },
  { weight: 1, arbitrary: fc.constantFrom([], [[]], [[{ subnet: 'x' }]], [[{}]]) },
);

const route = ({ modern }: Features) =>
  fc.record(
    {
      dst: fc.constantFrom('0.0.0.0/0', '10.9.0.0/16', '10.9.1.0/24', '::/0', 'fd09::/64', '192.0.2.7/32'),
      gw: fc.constantFrom('10.1.0.1', '10.1.0.254', 'fd00:1::1', '10.2.0.9'),
      ...(modern ? { priority: fc.constantFrom(0, 77), table: fc.constant(100), scope: fc.constantFrom(0, 253) } : {}),
    },
    { requiredKeys: ['dst'] },
  );

const dns = fc.record(
  {
    nameservers: fc.constant(['10.1.0.53']),
    domain: fc.constantFrom('', 'a.test'),
    search: few(fc.constantFrom('b.test', 'c.test'), 2),
    options: few(fc.constant('ndots:5'), 1),
  },
  { requiredKeys: [] },
);

const hostLocal = (features: Features) =>
  fc.record(
    {
      type: fc.constant('host-local'),
      dataDir: fc.constant('{LEASES}'),
      ranges: rangeSets,
      subnet: fc.constantFrom('10.5.0.0/24', 'fd05::/64'),
      routes: few(route(features), 2),
    },
    { requiredKeys: ['type', 'dataDir', 'ranges'] },
  );

const fixed = (features: Features) =>
  fc.record(
    {
      type: fc.constant('static'),
      addresses: few(
        fc.record(
          {
            address: fc.constantFrom(
              '10.1.0.5/24',
              '10.2.0.5/16',
              'fd00:1::5/64',
              '10.1.0.6/32',
              '10.7.0.9/20',
              '10.1.0.5',
            ),
            gateway: fc.constantFrom('10.1.0.1', 'fd00:1::1', '10.2.255.254'),
          },
          { requiredKeys: ['address'] },
        ),
        3,
      ),
      routes: few(route(features), 2),
      dns,
    },
    { requiredKeys: ['type', 'addresses'] },
  );

export function cases(features: Features): fc.Arbitrary<Case> {
  const ipam = fc.oneof(
    { weight: 6, arbitrary: hostLocal(features) },
    { weight: 3, arbitrary: fixed(features) },
    { weight: 1, arbitrary: fc.constantFrom({}, null) },
  );
  const modern = features.modern ? { portIsolation: flag, ipMasqBackend: fc.constantFrom('iptables', 'nftables') } : {};
  const config = fc.record(
    {
      ipam,
      cniVersion: fc.constantFrom('0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.0.0', '1.0.0', '0.2.0', '0.1.0'),
      isGateway: flag,
      isDefaultGateway: flag,
      forceAddress: flag,
      ipMasq: flag,
      mtu: fc.constantFrom(0, 1400, 1280, 9000),
      ...{ hairpinMode: rare, promiscMode: rare },
      macspoofchk: flag,
      enabledad: flag,
      dns,
      args: fc.record({ cni: fc.record({ mac }, { requiredKeys: [] }) }),
      runtimeConfig: fc.record(
        { mac, ips: few(fc.constantFrom('10.1.0.9', '10.1.0.9/24', 'fd00:1::9/64'), 2) },
        { requiredKeys: [] },
      ),
      ...modern,
    },
    { requiredKeys: ['ipam', 'cniVersion'] },
  );
  const args = fc.constantFrom(
    '',
    '',
    '',
    'IgnoreUnknown=1;MAC=0a:00:00:00:00:07',
    'IgnoreUnknown=1;IP=10.1.0.8',
    'IP=10.1.0.8',
    'X=1',
  );
  return fc.record({ config, args });
}
