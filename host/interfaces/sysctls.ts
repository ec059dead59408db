import { linkInKey } from '../operations/sysctls.ts';
import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';

/** Keys below /proc/sys/net. A setting of the host's that a plugin reads is one that the attachment relies on. */
export const sysctls = hostInterface('bulkhead:net/sysctls@0.1.0', {
  read({ require, namespace, rely }, { door }: Netns, key: string) {
    require({ kind: 'sysctl.read', door, key });
    const read = () => namespace(door).readSysctl(key);
    return door === 'host' && linkInKey(key) === undefined ? rely(`sysctl ${key}`, read) : read();
  },
  write: ({ perform }, { door }: Netns, key: string, value: string) =>
    perform({ kind: 'sysctl.write', door, key, value }),
});
