import type { AuditEntry } from '../../../host/audit/entry.ts';
import { Seal } from '../../../host/trust/seal.ts';

export const seal = new Seal(Buffer.alloc(32, 1));

export function entry(correlation: string): AuditEntry {
  return {
    time: '2026-01-02T03:04:05.678Z',
    correlation,
    verb: 'ADD',
    type: 'bridge',
    network: 'pods',
    containerId: 'c1',
    interfaceName: 'eth0',
    plugin: { version: '1.0.0', digest: 'ab'.repeat(32), signers: ['release'] },
    operations: [
      {
        plugin: 'bridge',
        access: { kind: 'link.create', door: 'host' },
        decision: 'allowed',
        line: 3,
        microseconds: 7,
      },
      { plugin: 'bridge', access: { kind: 'masquerade' }, decision: 'denied', reason: 'no grant' },
    ],
    outcome: { ok: true },
    milliseconds: 1.5,
    configuration: { sha256: 'cd'.repeat(32), fields: { name: 'pods' } },
  };
}
