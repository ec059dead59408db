import { expect } from 'vitest';
import { NamespaceError } from '../../../host/kernel/errors.ts';
import { type Behaviour, expectErrno, makeVeth } from './world.ts';

export const namespaceBehaviours: readonly Behaviour[] = [
  {
    name: 'two handles of one namespace have one cookie, two namespaces have two',
    run: ({ kernel, host, sandbox, sandboxPath }) => {
      const again = kernel.openNamespace(sandboxPath);
      expect(again.path).toBe(sandboxPath);
      expect(host.path).toBe('');
      expect(again.cookie).toBe(sandbox.cookie);
      expect(host.cookie).not.toBe(sandbox.cookie);
      expect(host.cookie).toBe(kernel.host.cookie);
      again.close();
    },
  },
  {
    name: 'a path that leads nowhere is a typed error in the words of the reference',
    run: ({ kernel }) => {
      const attempt = () => kernel.openNamespace('/nowhere/net');
      expect(attempt).toThrow(NamespaceError);
      expect(attempt).toThrow('failed to Statfs "/nowhere/net": no such file or directory');
      expect(attempt).toThrow(expect.objectContaining({ code: 'missing' }));
    },
  },
  {
    name: 'a handle is of no use once it is closed, and closing it again does nothing',
    run: ({ kernel, sandbox, sandboxPath }) => {
      const handle = kernel.openNamespace(sandboxPath);
      expect(handle.links()).toHaveLength(1);
      handle.close();
      handle.close();
      expectErrno(() => handle.links(), 'EBADF');
      expectErrno(() => handle.readSysctl('ipv4/ip_forward'), 'EBADF');
      expect(sandbox.links()).toHaveLength(1);
    },
  },
  {
    name: "the host's handle stays of use when it is closed",
    run: ({ kernel }) => {
      kernel.host.close();
      expect(kernel.host.links()).toHaveLength(1);
    },
  },
  {
    name: 'handles work again after recovery',
    run: (world) => {
      const { port } = makeVeth(world);
      world.kernel.recover();
      expect(world.host.linkByIndex(port)?.name).toBe('veth0');
      expect(world.sandbox.linkByName('eth0')?.kind).toBe('veth');
    },
  },
];
