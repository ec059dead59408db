import { readFileSync, statSync } from 'node:fs';
import type { AuditEntry } from '../../audit/entry.ts';
import { findCall, readAudit, verifyAudit } from '../../audit/read.ts';
import { escapeControls } from '../../calls/log.ts';
import { openSeal } from '../../trust/seal.ts';
import { UsageError } from '../errors.ts';
import { requireInstalled } from '../installed.ts';
import { auditPurpose } from '../node.ts';
import { columns, paint } from '../terminal.ts';

interface Options {
  readonly root: string;
  readonly json?: boolean;
}

/** Follows the chain of the log. */
export function verifyCommand({ root, json }: Options): void {
  const { layout } = requireInstalled(root);
  const verified = verifyAudit(layout.audit, openSeal(layout.secret).for(auditPurpose), layout.auditLost);
  if (verified.problems.length > 0) process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify(verified, null, 2));
    return;
  }
  const { calls, segments, lost, problems } = verified;
  const range = segments.length === 0 ? 'no segments' : `segments ${segments[0]} to ${segments.at(-1)}`;
  console.log(
    `${layout.audit}: ${calls} calls in ${range}${lost === 0 ? '' : `; ${lost} calls could not be written down`}`,
  );
  for (const { segment, line, what } of problems) {
    console.log(paint('red', `  segment ${segment}${line === 0 ? '' : `, line ${line}`}: ${what}`));
  }
  if (problems.length === 0) console.log(paint('green', '  nothing was changed or removed'));
}

export function listCommand({ root, json }: Options): void {
  const { layout } = requireInstalled(root);
  for (const entry of readAudit(layout.audit)) {
    console.log(json ? JSON.stringify(entry) : summary(entry));
  }
}

/** Shows one call from the log. It reads what was decided then, and decides nothing again. */
export function explainCommand(correlation: string | undefined, { root, json }: Options): void {
  const { layout } = requireInstalled(root);
  const entry = correlation === undefined ? [...readAudit(layout.audit)].at(-1) : findCall(layout.audit, correlation);
  if (entry === undefined) throw new UsageError(`there is no call ${correlation ?? ''} in ${layout.audit}`);
  if (json) {
    console.log(JSON.stringify(entry, null, 2));
    return;
  }
  console.log(summary(entry));
  if (entry.plugin !== undefined) {
    const { version, digest, signers } = entry.plugin;
    console.log(`  plugin  ${escapeControls(version)}  sha256 ${digest}  ${signers.join(', ')}`);
  }
  if (!entry.outcome.ok) console.log(`  failed  ${entry.outcome.code}: ${escapeControls(entry.outcome.message)}`);
  const policy = policyAt(layout.policy, new Date(entry.time));
  const rows = entry.operations.map(({ plugin, access, decision, line }) => [
    `  ${decision === 'allowed' ? paint('green', decision) : paint('red', decision)}`,
    plugin,
    line === undefined ? '' : `line ${line}`,
    describe(access),
  ]);
  const lines = columns(rows).split('\n');
  for (const [i, { reason, line }] of entry.operations.entries()) {
    console.log(lines[i]);
    const text = reason ?? policy[(line ?? 0) - 1]?.trim();
    if (text !== undefined) console.log(paint('dim', `      ${escapeControls(text)}`));
  }
  if (entry.omitted !== undefined) console.log(`  and ${entry.omitted} more, which are not in the log`);
}

/** The lines of the policy, where it has not been changed since. */
function policyAt(path: string, time: Date): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined || stat.ctime > time ? [] : readFileSync(path, 'utf8').split('\n');
}

function summary({
  time,
  verb,
  type,
  containerId,
  interfaceName,
  network,
  outcome,
  milliseconds,
  correlation,
  operations,
}: AuditEntry): string {
  const denied = operations.filter(({ decision }) => decision !== 'allowed').length;
  const ended = outcome.ok ? paint('green', 'ok') : paint('red', `code ${outcome.code}`);
  const what = [time, correlation, verb, type, network, containerId, interfaceName].map(escapeControls).join(' ');
  return `${what}  ${ended}  ${milliseconds.toFixed(1)} ms${denied === 0 ? '' : `  ${denied} denied`}`;
}

/** `link.create {"door":"host",…}` */
function describe(access: unknown): string {
  const { kind, ...rest } = access as { kind: string };
  return escapeControls(Object.keys(rest).length === 0 ? kind : `${kind} ${JSON.stringify(rest)}`);
}
