import { columns, paint } from '../../host/cli/terminal.ts';
import type { Result } from '../result.ts';
import { rowsOf, targetsInWords } from './rows.ts';

const head = ['', '', 'median', 'p95', 'p99', 'to Go', 'to floor', 'target'];

/** For people at a terminal: each figure once, what it is of at its first contestant. */
export function textTable(result: Result): string {
  const rows = rowsOf(result);
  const cells = rows.map((row, i) => [
    ...[row.title === rows[i - 1]?.title ? '' : row.title, row.contestant],
    ...[row.median, row.p95, row.p99, row.toGo, row.toFloor, targetsInWords(row)],
  ]);
  const met = result.targets.filter(({ isMet }) => isMet).length;
  return [
    ...columns([head, ...cells])
      .split('\n')
      .map((line, i) => (i === 0 ? paint('bold', line) : line.includes('✗') ? paint('red', line) : line)),
    '',
    `${met} of ${result.targets.length} targets are met; the reference is ${result.reference}`,
  ].join('\n');
}
