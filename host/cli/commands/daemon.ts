import { request } from 'node:http';
import type { DaemonStatus } from '../../daemon/daemon.ts';
import { engineNames } from '../engines.ts';
import { UsageError } from '../errors.ts';
import { requireInstalled } from '../installed.ts';

/** Becomes the daemon of the installed release: what serves is what was installed, wherever this command stands. */
export function serveCommand({ root, engine }: { readonly root: string; readonly engine?: string }): void {
  const { layout } = requireInstalled(root);
  if (engine !== undefined && !(engineNames as readonly string[]).includes(engine)) {
    throw new UsageError(`engines are ${engineNames.join(' and ')}, not ${engine}`);
  }
  const { execve } = process;
  if (execve === undefined) throw new UsageError('this Node cannot execute another program in its place');
  execve(
    layout.node,
    [layout.node, layout.daemonMain, layout.root, ...(engine === undefined ? [] : [engine])],
    process.env,
  );
}

/** Says what the daemon says of itself. Exit status 1 where none serves. */
export async function statusCommand(options: { readonly root: string; readonly json?: boolean }): Promise<void> {
  const { layout } = requireInstalled(options.root);
  const text = await ask(layout.controlSocket, '/status');
  if (text === undefined) {
    console.log(options.json ? '{"serving":false}' : 'no daemon serves: each call starts a process of its own');
    process.exitCode = 1;
    return;
  }
  const status = JSON.parse(text) as DaemonStatus;
  if (options.json) {
    console.log(JSON.stringify({ serving: true, ...status }, null, 2));
    return;
  }
  const { version, engine, pid, upSeconds, workers, calls, residentBytes, broken } = status;
  console.log(`bulkhead ${version} serves since ${upSeconds} s, process ${pid}`);
  console.log(`${calls} calls, ${workers} threads on ${engine}, ${Math.round(residentBytes / 2 ** 20)} MiB resident`);
  console.log(broken === undefined ? 'policy and plugins are in force' : `the policy before is in force: ${broken}`);
}

/** Undefined where nobody listens. */
function ask(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    asked.on('timeout', () => asked.destroy(new UsageError(`${socketPath} does not answer`)));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    asked.end();
  });
}
