import { describe } from 'vitest';
import { describeContract } from '../kernel/contract.ts';
import { makeMemoryWorld } from './memory-world.ts';

describe('the kernel in memory', () => describeContract(makeMemoryWorld));
describe('the kernel in memory, built without VLAN filtering', () =>
  describeContract(() => makeMemoryWorld({ bridgeVlans: false })));
