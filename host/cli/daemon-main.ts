import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The daemon of an installation: `node daemon.mjs ROOT VERSION`. Ends by SIGTERM or SIGINT, when the calls that were begun are answered. */
enableCompileCache({ directory: join(dirname(fileURLToPath(import.meta.url)), 'compile-cache'), portable: true });
const [root = '/', version = ''] = process.argv.slice(2);
const { Daemon } = await import('../daemon/daemon.ts');
const { layoutOf } = await import('./layout.ts');
const log = (line: string) => process.stderr.write(`bulkhead: ${line}\n`);
const daemon = new Daemon({
  ...{ places: layoutOf(root, version), version, environment: process.env, log },
  worker: new URL('./worker.mjs', import.meta.url),
});
try {
  await daemon.start();
  log('serving');
  const stop = () => void daemon.stop().then(() => log('stopped'));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
