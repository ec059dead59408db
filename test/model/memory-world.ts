import { createMemoryKernel, type MemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import type { World } from '../kernel/contract/world.ts';

export interface MemoryWorld extends World {
  readonly kernel: MemoryKernel;
}

export function makeMemoryWorld({ bridgeVlans = true } = {}): MemoryWorld {
  const kernel = createMemoryKernel({ bridgeVlans });
  const sandboxPath = '/run/netns/sandbox';
  kernel.addNamespace(sandboxPath);
  const sandbox = kernel.openNamespace(sandboxPath);
  return { kernel, host: kernel.host, sandbox, sandboxPath, bridgeVlans, [Symbol.dispose]: () => kernel.close() };
}
