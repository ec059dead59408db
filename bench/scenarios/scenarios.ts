import { atOnce } from './at-once.ts';
import { bridge, masquerade } from './bridge.ts';
import { leases } from './leases.ts';
import { loopback } from './loopback.ts';
import { memory } from './memory.ts';
import { ports } from './ports.ts';
import { processor } from './processor.ts';
import type { Scenario } from './scenario.ts';
import { version } from './version.ts';

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...[version, loopback, bridge, masquerade],
  ...[processor, atOnce, memory, leases, ports],
];
