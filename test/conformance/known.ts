import { readFileSync } from 'node:fs';

const document = new URL('../../docs/conformance.md', import.meta.url);

/** The ids that docs/conformance.md lists below a heading; where the table has a column of that name, those that fail in it. */
export function knownFailures(heading: string, column?: string): readonly string[] {
  const [, section = ''] = readFileSync(document, 'utf8').split(`## ${heading}\n`);
  const [titles = [], , ...rows] = (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const index = column === undefined ? undefined : titles.indexOf(column);
  return rows
    .filter((cells) => index === undefined || cells[index] === 'fails')
    .flatMap(([, checks = '']) => [...checks.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id))
    .toSorted();
}
