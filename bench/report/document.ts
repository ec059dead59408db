import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from '../../host/cli/project.ts';
import type { ContestantName } from '../contestants/contestant.ts';
import { type Figure, find } from '../figures.ts';
import type { Result } from '../result.ts';
import { type Compared, champion } from '../targets.ts';
import { plot } from './plot.ts';
import { limitInWords, ratioInWords, titleOf, valueInWords } from './words.ts';

const [begin, end] = ['<!-- What follows is written by `npm run bench -- --write`. -->', '<!-- Up to here. -->'];
const shown = ['floor', 'go', champion, 'daemon v8', 'one-shot v8'] as const;

/** Puts a run into docs/benchmarks.md, and the picture beside it. */
export async function writeDocument(result: Result): Promise<void> {
  const path = join(projectDirectory, 'docs/benchmarks.md');
  writeFileSync(path, between(readFileSync(path, 'utf8'), generated(result)));
  writeFileSync(join(projectDirectory, 'docs/benchmarks.svg'), await plot(result.figures));
}

/** The document with that text in the place of what was written there last. Throws where the place is not marked. */
export function between(document: string, text: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error('the document does not say where the figures belong');
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}

/** Tables in Markdown: what was wanted, and everything that was measured. */
export function generated({ machine, reference, figures, targets }: Result): string {
  const { kernel, processor, processors } = machine;
  return [
    `Linux ${kernel}, ${processors} processors (${processor}), reference ${reference}.`,
    table(['of the daemon with wasmtime', 'ratio', 'wanted', ''], targets.map(targetCells)),
    'Median / p95 / p99:',
    table(['', 'kernel alone', 'Go', ...['wasmtime', 'v8', 'no daemon'], 'wasmtime to Go'], figureRows(figures)),
  ].join('\n\n');
}

function targetCells(target: Compared): string[] {
  return [titleOf(target), ratioInWords(target.ratio), limitInWords(target), target.isMet ? '✓' : '✗'];
}

function figureRows(figures: readonly Figure[]): string[][] {
  const kinds = new Map(figures.map((figure) => [titleOf(figure), figure]));
  return [...kinds].map(([title, { name, size }]) => {
    const of = (contestant: ContestantName) => find(figures, { name, contestant, size });
    const [own, other] = [of(champion), of('go')];
    const ratio = own === undefined || other === undefined ? '' : ratioInWords(own.median / other.median);
    return [title, ...shown.map((contestant) => cell(of(contestant))), ratio];
  });
}

function cell(figure: Figure | undefined): string {
  if (figure === undefined) return '';
  const { unit, median, p95, p99, count } = figure;
  const values = count === 1 ? [median] : [median, p95, p99];
  return values
    .map((value) => valueInWords(value, unit))
    .join(' / ')
    .replaceAll(/( ms|\/s| MiB) \//g, ' /');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
