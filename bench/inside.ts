// What `npm run bench` runs in namespaces of its own: `node bench/inside.ts DIRECTORY [OPTION …]`. The directory is somebody else's to remove.
import { existsSync } from 'node:fs';
import { built } from '../host/cli/project.ts';
import { Attachments } from './attachments.ts';
import { assemble } from './contestants/field.ts';
import { faultsOf, inOrder, Samples } from './figures.ts';
import { Namespaces } from './machine/namespaces.ts';
import { findReference } from './machine/reference.ts';
import { builtDriver, Meter } from './meter.ts';
import { type Options, parseOptions } from './options.ts';
import { writeDocument } from './report/document.ts';
import { textTable } from './report/table.ts';
import { type Result, thisMachine } from './result.ts';
import type { Arena } from './scenarios/scenario.ts';
import { scenarios } from './scenarios/scenarios.ts';
import { warmUp } from './scenarios/warm-up.ts';
import { compare } from './targets.ts';

const [directory = '', ...args] = process.argv.slice(2);
// As the first process of its namespace it would not be ended otherwise.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exit(
  await main(parseOptions(args)).catch((error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    return 1;
  }),
);

async function main(options: Options): Promise<number> {
  requireBuilt();
  const reference = findReference(options.reference);
  const namespaces = new Namespaces();
  const contestants = await assemble({ directory, namespaces, reference: reference.directory });
  await using meter = new Meter();
  const samples = new Samples();
  const arena: Arena = { contestants, namespaces, samples, attachments: new Attachments(meter, namespaces) };
  const chosen = scenarios.filter(({ name }) => options.only.includes(name));
  await warmUp(arena, options.scale);
  for (const scenario of chosen) {
    console.error(`bench: ${scenario.name}`);
    await scenario.run(arena, options.scale);
  }
  const expected = chosen.flatMap((scenario) => scenario.expects(options.scale));
  const figures = inOrder(samples.figures(), expected);
  const faults = faultsOf(figures, expected);
  for (const fault of faults) console.error(`bench: ${fault}`);
  const result: Result = {
    ...{ machine: thisMachine(), reference: reference.version },
    ...{ figures, targets: compare(figures) },
  };
  if (options.write && faults.length === 0) await writeDocument(result);
  console.log(options.json ? JSON.stringify(result, null, 1) : textTable(result));
  return faults.length > 0 ? 1 : 0;
}

/** Throws where there was no cargo. */
function requireBuilt(): void {
  const missing = [built.shim, built.wasmtime, builtDriver].filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} was not built: is there cargo?`);
}
