import { escapeControls } from '../../calls/log.ts';
import { columns, paint } from '../../cli/terminal.ts';
import { type Checked, failures, knownFailures, mended } from '../run.ts';

/** A row a check, what there is to say of each failure, and a summary. */
export function tableReport(all: readonly Checked[]): string {
  const rows = all.map(({ check, outcome, known }) => {
    const note = outcome.kind === 'skipped' ? outcome.reason : check.title;
    return [markOf(outcome.kind, known), check.id, escapeControls(note)];
  });
  const lines = columns(rows).split('\n').map(paintMark);
  const failed = failures(all);
  return [
    lines.join('\n'),
    ...failed.map(explain),
    ...mended(all).map(({ check }) =>
      paint('yellow', `${check.id} is a known failure, and passes: take it off the list`),
    ),
    summary(all),
  ].join('\n\n');
}

function markOf(kind: Checked['outcome']['kind'], known: boolean): string {
  return kind === 'failed' ? (known ? 'known' : 'FAILED') : kind;
}

const colours = { passed: 'green', skipped: 'dim', known: 'yellow', FAILED: 'red' } as const;

function paintMark(line: string): string {
  return line.replace(/^(passed|skipped|known|FAILED)/, (mark) => paint(colours[mark as keyof typeof colours], mark));
}

/** What was done, what should have come of it, what did, and who says so. */
function explain({ check, outcome }: Checked): string {
  if (outcome.kind !== 'failed') return '';
  const { sentence, source } = check.rule;
  return [
    `${paint('red', check.id)}: ${check.title}`,
    `  done      ${escapeControls(outcome.did)}`,
    `  expected  ${escapeControls(outcome.expected)}`,
    `  seen      ${escapeControls(outcome.seen)}`,
    `  “${sentence}”`,
    paint('dim', `  ${source}`),
  ].join('\n');
}

function summary(all: readonly Checked[]): string {
  const count = (kind: Checked['outcome']['kind']) => all.filter(({ outcome }) => outcome.kind === kind).length;
  const [failed, known] = [failures(all).length, knownFailures(all).length];
  const parts = [
    `${count('passed')} passed`,
    `${failed} failed`,
    ...(known === 0 ? [] : [`${known} known failures`]),
    `${count('skipped')} skipped`,
  ];
  return paint(failed === 0 ? 'green' : 'red', parts.join(', '));
}
