import { expect } from 'vitest';
import { type Behaviour, expectErrno, makeVeth } from './world.ts';

export const sysctlBehaviours: readonly Behaviour[] = [
  {
    name: 'each namespace and each link has its own settings',
    run: (world) => {
      makeVeth(world);
      const { host, sandbox } = world;
      expect(sandbox.readSysctl('ipv4/conf/eth0/arp_notify')).toBe('0');
      sandbox.writeSysctl('ipv4/conf/eth0/arp_notify', '1');
      sandbox.writeSysctl('ipv4/ip_forward', '1');
      expect(sandbox.readSysctl('ipv4/conf/eth0/arp_notify')).toBe('1');
      expect(sandbox.readSysctl('ipv4/conf/lo/arp_notify')).toBe('0');
      expect(host.readSysctl('ipv4/ip_forward')).toBe('0');
      expectErrno(() => host.readSysctl('ipv4/conf/eth0/arp_notify'), 'ENOENT');
    },
  },
  {
    name: 'defaults of a new link',
    run: (world) => {
      makeVeth(world);
      const defaults = {
        'ipv6/conf/eth0/accept_dad': '1',
        'ipv6/conf/eth0/accept_ra': '1',
        'ipv6/conf/eth0/disable_ipv6': '0',
        'ipv6/conf/eth0/enhanced_dad': '1',
        'ipv6/conf/eth0/keep_addr_on_down': '0',
        'ipv6/conf/eth0/forwarding': '0',
        'ipv6/conf/eth0/mtu': '1500',
        'ipv6/conf/lo/accept_dad': '-1',
        'ipv6/conf/all/accept_dad': '0',
        'ipv4/conf/eth0/forwarding': '0',
        'ipv4/conf/eth0/proxy_arp': '0',
        'ipv4/conf/lo/disable_policy': '1',
      };
      for (const [key, value] of Object.entries(defaults))
        expect([key, world.sandbox.readSysctl(key)]).toEqual([key, value]);
    },
  },
  {
    name: 'a key that tries to climb out is ENOENT, a directory EISDIR, below a file ENOTDIR',
    run: ({ sandbox }) => {
      const missing = [
        '',
        '/',
        'ipv4/',
        '/ipv4',
        '../kernel/hostname',
        'ipv4/../ipv4/ip_forward',
        'ipv4/./ip_forward',
        'ipv4\0',
      ];
      for (const key of [...missing, 'nosuch', 'ipv4/nosuch', 'ipv4/conf/nosuch/forwarding', 'ipv4/conf/lo/nosuch']) {
        expectErrno(() => sandbox.readSysctl(key), 'ENOENT');
        expectErrno(() => sandbox.writeSysctl(key, '1'), 'ENOENT');
      }
      for (const key of ['ipv4', 'ipv4/conf', 'ipv6/conf/lo']) {
        expectErrno(() => sandbox.readSysctl(key), 'EISDIR');
        expectErrno(() => sandbox.writeSysctl(key, '1'), 'EISDIR');
      }
      expectErrno(() => sandbox.readSysctl('ipv4/ip_forward/x'), 'ENOTDIR');
    },
  },
  {
    name: "a link's name is one segment of a key, dots included, and settings follow a new name",
    run: (world) => {
      const { eth } = makeVeth(world, 'veth0', 'eth0.100');
      world.sandbox.writeSysctl('ipv4/conf/eth0.100/arp_notify', '1');
      world.sandbox.changeLink(eth, { name: 'net1' });
      expect(world.sandbox.readSysctl('ipv4/conf/net1/arp_notify')).toBe('1');
      expectErrno(() => world.sandbox.readSysctl('ipv4/conf/eth0.100/arp_notify'), 'ENOENT');
    },
  },
  {
    name: 'numbers are read as C reads them, and what is none is EINVAL',
    run: (world) => {
      makeVeth(world);
      const key = 'ipv4/conf/eth0/arp_notify';
      const good = [
        ['1', '1'],
        [' \t2', '2'],
        ['3\n', '3'],
        ['4 5', '4'],
        ['0x10', '16'],
        ['010', '8'],
        ['-1', '-1'],
        ['2147483647', '2147483647'],
      ] as const;
      for (const [text, value] of good) {
        world.sandbox.writeSysctl(key, text);
        expect([text, world.sandbox.readSysctl(key)]).toEqual([text, value]);
      }
      for (const text of ['x', '1x', '-', '+1', ' ', '\n', '2147483648', '-2147483649', '1\0', '09', '0x']) {
        expectErrno(() => world.sandbox.writeSysctl(key, text), 'EINVAL');
      }
      world.sandbox.writeSysctl(key, '');
      expect(world.sandbox.readSysctl(key)).toBe('2147483647');
    },
  },
  {
    name: 'ip_forward is forwarding of all links, and of those to come',
    run: (world) => {
      makeVeth(world);
      const { sandbox } = world;
      sandbox.writeSysctl('ipv4/ip_forward', '1');
      for (const name of ['all', 'default', 'eth0', 'lo'])
        expect(sandbox.readSysctl(`ipv4/conf/${name}/forwarding`)).toBe('1');
      makeVeth(world, 'veth1', 'eth1');
      expect(sandbox.readSysctl('ipv4/conf/eth1/forwarding')).toBe('1');
      sandbox.writeSysctl('ipv4/conf/eth1/forwarding', '0');
      expect(sandbox.readSysctl('ipv4/ip_forward')).toBe('1');
      sandbox.writeSysctl('ipv4/conf/all/forwarding', '0');
      expect(sandbox.readSysctl('ipv4/ip_forward')).toBe('0');
      expect(sandbox.readSysctl('ipv4/conf/eth0/forwarding')).toBe('0');
    },
  },
  {
    name: 'IPv6 forwarding and disable_ipv6 of all reach every link, other settings of all do not',
    run: (world) => {
      makeVeth(world);
      const { sandbox } = world;
      for (const key of ['forwarding', 'disable_ipv6']) {
        sandbox.writeSysctl(`ipv6/conf/all/${key}`, '1');
        for (const name of ['default', 'eth0']) expect(sandbox.readSysctl(`ipv6/conf/${name}/${key}`)).toBe('1');
      }
      sandbox.writeSysctl('ipv6/conf/all/accept_ra', '0');
      expect(sandbox.readSysctl('ipv6/conf/eth0/accept_ra')).toBe('1');
    },
  },
  {
    name: 'a written IPv4 default reaches links that were not written, an IPv6 default only links to come',
    run: (world) => {
      const { sandbox } = world;
      makeVeth(world);
      makeVeth(world, 'veth1', 'eth1');
      sandbox.writeSysctl('ipv4/conf/eth1/arp_notify', '0');
      sandbox.writeSysctl('ipv4/conf/default/arp_notify', '1');
      sandbox.writeSysctl('ipv6/conf/default/accept_dad', '0');
      makeVeth(world, 'veth2', 'eth2');
      const read = (key: string) => ['eth0', 'eth1', 'eth2'].map((name) => sandbox.readSysctl(key.replace('*', name)));
      expect(read('ipv4/conf/*/arp_notify')).toEqual(['1', '0', '1']);
      expect(read('ipv6/conf/*/accept_dad')).toEqual(['1', '1', '0']);
    },
  },
  {
    name: 'a link that moves starts with the settings of its new namespace',
    run: (world) => {
      const { eth } = makeVeth(world);
      world.sandbox.writeSysctl('ipv4/conf/eth0/arp_notify', '1');
      world.sandbox.writeSysctl('ipv6/conf/eth0/accept_ra', '0');
      world.sandbox.moveLink(eth, world.host);
      expect(world.host.readSysctl('ipv4/conf/eth0/arp_notify')).toBe('0');
      expect(world.host.readSysctl('ipv6/conf/eth0/accept_ra')).toBe('1');
      expectErrno(() => world.sandbox.readSysctl('ipv4/conf/eth0/arp_notify'), 'ENOENT');
    },
  },
  {
    name: 'a setting of several numbers takes those that are written, and all or none where one is no number',
    run: ({ sandbox }) => {
      const key = 'ipv4/ip_local_port_range';
      sandbox.writeSysctl(key, '020000');
      expect(sandbox.readSysctl(key)).toBe('8192\t60999');
      sandbox.writeSysctl(key, ' 0x4e20 30000 7\n');
      expect(sandbox.readSysctl(key)).toBe('20000\t30000');
      expectErrno(() => sandbox.writeSysctl(key, '10000 x'), 'EINVAL');
      expect(sandbox.readSysctl(key)).toBe('20000\t30000');
    },
  },
];
