// The long run of the hostile plugin: `node scripts/fuzz.ts [--kernel memory|linux] [--calls N] [--seed S] [--steps N] [--mode enforce|granted] [--runs N]`.
// Ends with status 1 and the way to repeat it where something is found.
import { parseArgs } from 'node:util';
import { type Finding, Fuzzer, type Mode } from '../test/fuzz/fuzzer.ts';
import type { KernelName } from '../test/fuzz/world.ts';

const { values } = parseArgs({
  options: {
    kernel: { type: 'string', default: 'memory' },
    calls: { type: 'string' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '500' },
    mode: { type: 'string' },
    runs: { type: 'string' },
  },
});
const kernel: KernelName = values.kernel === 'linux' ? 'linux' : 'memory';
const calls = Number(values.calls ?? (kernel === 'linux' ? 100_000 : 1_000_000));
const runs = Number(values.runs ?? Number.POSITIVE_INFINITY);
const steps = Number(values.steps);
const first = Number(values.seed);

using fuzzer = await Fuzzer.open();
const findings: Finding[] = [];
const started = performance.now();
let seed = first;
for (let told = 0; fuzzer.engine.total < calls && seed - first < runs; seed++) {
  const mode: Mode =
    values.mode === 'granted' || values.mode === 'enforce' ? values.mode : seed % 4 === 3 ? 'granted' : 'enforce';
  for (const finding of fuzzer.run({ kernel, mode, seed, steps })) {
    findings.push(finding);
    report(finding);
  }
  if (performance.now() - told < 10_000) continue;
  told = performance.now();
  console.log(`${fuzzer.engine.total} host calls in ${seed - first + 1} runs, ${findings.length} findings`);
}

console.log('\nHow host calls ended:');
for (const [how, count] of [...fuzzer.engine.tally].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`  ${count}\t${how}`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `\n${fuzzer.engine.total} host calls in ${seed - first} runs on the ${kernel} kernel, ${seconds} s: ${findings.length} findings`,
);
for (const [what, seeds] of Map.groupBy(findings, (one) => one.what))
  console.log(`  ${seeds.length}\t${what} (seed ${seeds[0]?.run.seed})`);
process.exitCode = findings.length > 0 ? 1 : 0;

function report({ run, what, details }: Finding): void {
  const again = `node scripts/fuzz.ts --kernel ${run.kernel} --mode ${run.mode} --seed ${run.seed} --steps ${run.steps} --runs 1`;
  const lines = details.slice(0, 100).map((line) => `    ${line.length > 1000 ? `${line.slice(0, 1000)}…` : line}`);
  console.error([`FOUND: ${what}`, `  again: ${again}`, ...lines].join('\n'));
}
