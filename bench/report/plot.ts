import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Figure } from '../figures.ts';
import { dots, lines } from './panels.ts';

const attachments = ['bridge ADD', 'bridge CHECK', 'bridge DEL', 'ipMasq ADD', 'ipMasq CHECK', 'ipMasq DEL'];

/** The whole comparison as one picture, an SVG document. */
export async function plot(figures: readonly Figure[]): Promise<string> {
  const crowds = figures.filter(({ unit }) => unit === 'calls/s').map(({ name }) => name);
  const spec: TopLevelSpec = {
    ...{ background: 'white', padding: 16, spacing: 28, config: appearance },
    resolve: { scale: { color: 'independent' } },
    vconcat: [
      dots(figures, {
        title: 'One call at a time',
        subtitle: 'milliseconds: median, and a line to p99; less is better',
        ...{ unit: 'ns', rows: ['VERSION', 'loopback ADD', 'loopback DEL', ...attachments], legend: true },
      }),
      dots(figures, {
        title: 'Many calls at once',
        subtitle: 'calls per second; more is better',
        ...{ unit: 'calls/s', rows: [...new Set(crowds)] },
      }),
      {
        spacing: 24,
        hconcat: [
          lines(figures, {
            title: 'ADD, by ports on the bridge',
            name: 'bridge ADD by ports',
            ticks: [0, 300, 600, 900],
          }),
          lines(figures, { title: 'ADD of host-local, by leases', name: 'host-local ADD', ticks: [0, 25_000, 50_000] }),
        ],
      },
    ],
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

const appearance: NonNullable<TopLevelSpec['config']> = {
  font: 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif',
  title: {
    ...{ anchor: 'start', frame: 'group', fontSize: 15, fontWeight: 600, color: '#24292f' },
    ...{ subtitleFontSize: 12, subtitleColor: '#57606a', offset: 12 },
  },
  axis: { labelFontSize: 12, labelColor: '#57606a', gridColor: '#e6e8eb', domain: false, ticks: false, offset: 6 },
  legend: { labelFontSize: 12, symbolSize: 90, symbolType: 'circle' },
  view: { stroke: null },
};
