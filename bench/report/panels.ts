import type { TopLevelSpec } from 'vega-lite';
import type { Figure, Unit } from '../figures.ts';
import { colors, labelOf, labels } from './appearance.ts';

/** A part of a picture, as Vega-Lite has it. */
export type Panel = Extract<TopLevelSpec, { readonly vconcat: unknown }>['vconcat'][number];
type Encoding = NonNullable<Extract<Panel, { readonly mark: unknown }>['encoding']>;

const color = { field: 'who', type: 'nominal', scale: { domain: labels, range: colors } } satisfies Encoding['color'];

/** One point of a panel. */
interface Point {
  readonly what: string;
  readonly who: string;
  readonly value: number;
  readonly p99: number;
  readonly size: number;
}

/** In milliseconds, or as it is. */
function pointsOf(figures: readonly Figure[], names: readonly string[], unit: Unit): Point[] {
  const scale = unit === 'ns' ? 1e-6 : 1;
  return figures
    .filter((figure) => names.includes(figure.name) && figure.unit === unit)
    .flatMap(({ name, contestant, median, p99, size = 0 }) => {
      const who = labelOf(contestant);
      return who === undefined ? [] : [{ what: name, who, value: median * scale, p99: p99 * scale, size }];
    });
}

export interface DotPanel {
  readonly title: string;
  readonly subtitle: string;
  readonly unit: Unit;
  readonly rows: readonly string[];
  /** Of the picture, which has one for all panels. */
  readonly legend?: boolean;
}

/** A row for each thing, a dot for each contestant in it, and a line from there to its p99. */
export function dots(figures: readonly Figure[], { title, subtitle, unit, rows, legend = false }: DotPanel): Panel {
  const x: Encoding['x'] = { field: 'value', type: 'quantitative', scale: { type: 'log' }, axis: logAxis };
  const key = {
    title: null,
    orient: 'top',
    direction: 'horizontal',
    columns: 3,
    labelLimit: 250,
    symbolOpacity: 1,
  } as const;
  return {
    title: { text: title, subtitle },
    ...{ width: 520, height: { step: 8 } },
    data: { values: pointsOf(figures, rows, unit) },
    encoding: {
      y: {
        ...{ field: 'what', type: 'nominal', sort: [...rows] },
        scale: { paddingInner: 0.3, paddingOuter: 0.15 },
        axis: { title: null, labelLimit: 300, labelPadding: 8, labelColor: '#24292f' },
      },
      yOffset: { field: 'who', type: 'nominal', scale: { domain: labels } },
      color: { ...color, legend: legend ? key : null },
    },
    layer: [
      ...(unit === 'ns' ? [{ mark: toP99, encoding: { x, x2: { field: 'p99' } } }] : []),
      { mark: { type: 'circle', size: 60, opacity: 1 }, encoding: { x } },
    ],
  };
}

const toP99 = { type: 'rule', strokeWidth: 2, opacity: 0.35 } as const;
const logAxis = { title: null, values: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000], format: '~r' };

export interface LinePanel {
  readonly title: string;
  readonly name: string;
  readonly ticks: readonly number[];
}

/** Milliseconds by size, a line for each contestant, with its name at its end. */
export function lines(figures: readonly Figure[], { title, name, ticks }: LinePanel): Panel {
  const values = pointsOf(figures, [name], 'ns');
  const last = Math.max(...values.map(({ size }) => size));
  const x: Encoding['x'] = {
    ...{ field: 'size', type: 'quantitative' },
    axis: { title: null, values: [...ticks], format: ',d', grid: false },
  };
  const y = { type: 'quantitative', scale: { type: 'log' }, axis: logAxis } as const;
  return {
    title: { text: title, subtitle: 'milliseconds, median' },
    ...{ width: 150, height: 180, data: { values } },
    encoding: { color: { ...color, legend: null } },
    layer: [
      { mark: { type: 'line', strokeWidth: 2, point: { size: 35 } }, encoding: { x, y: { ...y, field: 'value' } } },
      {
        data: { values: apart(values.filter(({ size }) => size === last)) },
        mark: { type: 'text', align: 'left', dx: 8, fontSize: 11 },
        encoding: { x, y: { ...y, field: 'place' }, text: { field: 'who', type: 'nominal' } },
      },
    ],
  };
}

/** Where the names at the ends stand: not on top of each other, on a logarithmic scale. */
function apart(ends: readonly Point[]): (Point & { readonly place: number })[] {
  let least = 0;
  return ends
    .toSorted((one, other) => one.value - other.value)
    .map((end) => {
      const place = Math.max(end.value, least);
      least = place * 1.6;
      return { ...end, place };
    });
}
