import { AuditLog } from '../../../host/audit/log.ts';
import { entry, seal } from './samples.ts';

/** A process that writes: `node writer.ts DIRECTORY LOST-FILE NAME COUNT`; prints a byte for each call that is written down. */
const [directory = '', lostFile = '', name, count] = process.argv.slice(2);
const log = new AuditLog({ directory, lostFile, seal, maxSegmentBytes: 20_000, maxSegments: 1000 });
for (let i = 0; i < Number(count); i++) {
  if (log.append(entry(`${name}-${i}`))) process.stdout.write('.');
}
