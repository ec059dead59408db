import { enableCompileCache } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The daemon of an installation: `node daemon.mjs ROOT [ENGINE]`, of the release that it lies in. Ends by SIGTERM or SIGINT, and when another release
 * has taken its place, in each case after the calls that were begun are answered.
 */
// Threads of libuv's pool, each of which can wait for the kernel to be done with links that go.
process.env.UV_THREADPOOL_SIZE ??= '16';
const release = dirname(fileURLToPath(import.meta.url));
enableCompileCache({ directory: join(release, 'compile-cache'), portable: true });
const { Daemon } = await import('../daemon/daemon.ts');
const { layoutOf } = await import('./layout.ts');
const { engineNames, preferredEngine } = await import('./engines.ts');
const { isCurrent, stampOf } = await import('../system/file-stamp.ts');

const version = basename(release);
const log = (line: string) => process.stderr.write(`bulkhead: ${line}\n`);
const [, , root = '/', wanted] = process.argv;
const places = layoutOf(root, version);
const engine = engineNames.find((name) => name === wanted) ?? preferredEngine(places);
const worker = new URL('./worker.mjs', import.meta.url);
const daemon = new Daemon({ places, version, engine, worker, environment: process.env, log });
try {
  const own = stampOf(places.daemonMain);
  await daemon.start();
  log(`serving at ${places.socket}`);
  const watch = setInterval(() => {
    if (!isCurrent(own)) stop('another release was installed');
  }, 2000);
  const stop = (why: string) => {
    clearInterval(watch);
    log(`stopping: ${why}`);
    void daemon.stop().then(() => {
      log('stopped');
      // A collector that does not answer may still be tried again.
      process.exit();
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
