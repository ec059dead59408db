import type { Check } from './check.ts';
import { addChecks } from './checks/add.ts';
import { bridgeChecks } from './checks/add-bridge.ts';
import { loopbackChecks } from './checks/add-loopback.ts';
import { bridgeAttachmentChecks } from './checks/bridge-attachments.ts';
import { bridgeCheckChecks, checkChecks } from './checks/check.ts';
import { concurrencyChecks } from './checks/concurrency.ts';
import { configurationChecks } from './checks/configuration-errors.ts';
import { bridgeDelChecks, delChecks } from './checks/del.ts';
import { environmentChecks } from './checks/environment-errors.ts';
import { gcChecks } from './checks/gc.ts';
import { hostLocalChecks } from './checks/host-local.ts';
import { bridgeLeakChecks, leakChecks } from './checks/leaks.ts';
import { protocolChecks } from './checks/protocol.ts';
import { staticChecks } from './checks/static.ts';
import { statusChecks } from './checks/status.ts';
import { versionChecks } from './checks/versions.ts';
import { knownSubjects, type Subject } from './subjects.ts';

/** What holds for any plugin. */
function generic(subject: Subject): readonly Check[] {
  return [
    ...protocolChecks(subject),
    ...environmentChecks(subject),
    ...configurationChecks(subject),
    ...versionChecks(subject),
    ...addChecks(subject),
    ...delChecks(subject),
    ...checkChecks(subject),
    ...gcChecks(subject),
    ...statusChecks(subject),
    ...leakChecks(subject),
  ];
}

/** What the plugin itself promises, beyond the protocol. */
const particular: readonly Check[] = [
  ...loopbackChecks,
  ...bridgeChecks,
  ...bridgeAttachmentChecks,
  ...bridgeDelChecks,
  ...bridgeCheckChecks,
  ...hostLocalChecks,
  ...staticChecks,
  ...concurrencyChecks,
  ...bridgeLeakChecks,
];

/** All checks, those of one plugin together; with a plugin named, only its own. */
export function checks(only?: Subject): readonly Check[] {
  const subjects = only === undefined ? knownSubjects : [only];
  return subjects.flatMap((subject) => [
    ...generic(subject),
    ...particular.filter(({ id }) => id.startsWith(`${subject.type}-`)),
  ]);
}
