// For tests of plugins: `import { … } from 'bulkhead/testing'`.
export { buildGuest } from '../../guests/sdk/generator/build.ts';
export { createMemoryKernel, type MemoryKernel } from '../kernel/memory/memory-kernel.ts';
export { ip } from '../net/ip.ts';
export { type Called, givenPlugins, makeTestNode, type TestNode } from './node.ts';
