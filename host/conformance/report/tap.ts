import type { Checked } from '../run.ts';

/** TAP version 14. A known failure is a TODO, so that harnesses do not count it. */
export function tapReport(all: readonly Checked[]): string {
  return ['TAP version 14', `1..${all.length}`, ...all.map(line)].join('\n');
}

function line({ check, outcome, known, milliseconds }: Checked, i: number): string {
  const point = `${outcome.kind === 'failed' ? 'not ok' : 'ok'} ${i + 1} - ${escapeTap(`${check.id}: ${check.title}`)}`;
  switch (outcome.kind) {
    case 'passed':
      return known ? `${point} # TODO known failure, which passes` : point;
    case 'skipped':
      return `${point} # SKIP ${escapeTap(outcome.reason)}`;
    case 'failed':
      return [
        known ? `${point} # TODO known failure` : point,
        '  ---',
        // JSON strings are YAML as well.
        ...(['did', 'expected', 'seen'] as const).map((key) => `  ${key}: ${JSON.stringify(outcome[key])}`),
        `  sentence: ${JSON.stringify(check.rule.sentence)}`,
        `  source: ${JSON.stringify(check.rule.source)}`,
        `  duration_ms: ${milliseconds.toFixed(1)}`,
        '  ...',
      ].join('\n');
  }
}

function escapeTap(text: string): string {
  return text.replace(/[\\#]/g, '\\$&').replace(/\s+/g, ' ');
}
