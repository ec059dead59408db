import { KernelError } from '../../host/kernel/errors.ts';
import type { Kernel } from '../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import type { World } from './contract/world.ts';
import { makeNamespace } from './namespace.ts';

/** Two namespaces of the real kernel, one of which stands for the host's. The machine's own is not touched. */
export function makeLinuxWorld(): World {
  const namespaces = [makeNamespace(), makeNamespace()] as const;
  const [host, sandbox] = namespaces;
  const kernel = openLinuxKernel({ hostNamespace: host.path });
  return {
    kernel,
    host: kernel.host,
    sandbox: kernel.openNamespace(sandbox.path),
    sandboxPath: sandbox.path,
    bridgeVlans: knowsVlans(kernel),
    [Symbol.dispose]: () => {
      kernel.close();
      for (const namespace of namespaces) namespace.remove();
    },
  };
}

let known: boolean | undefined;

/** Asks once, in a namespace of its own. */
function knowsVlans({ host }: Kernel): boolean {
  if (known !== undefined) return known;
  try {
    const bridge = host.createLink({ name: 'probe', plan: { kind: 'bridge', vlanFiltering: true } });
    known = bridge.details.kind === 'bridge' && bridge.details.vlanFiltering;
    host.removeLink(bridge.index);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    known = false;
  }
  return known;
}
