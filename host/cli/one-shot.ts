import { answer } from '../calls/answer.ts';
import { stderrLog } from '../calls/log.ts';
import type { Node } from '../calls/node.ts';
import { openLinuxKernel } from '../kernel/linux/linux-kernel.ts';
import { systemCall } from '../system/libc.ts';
import { failure } from './failure.ts';
import { layoutOf } from './layout.ts';
import { openNode, openTrust } from './node.ts';
import { print, readStdin, write } from './standard-streams.ts';

/**
 * One CNI call in a process of its own: what the executables in /opt/cni/bin come to. Ends the process, but where
 * nothing was run: that ends by itself. `callId`: of a call that a daemon did not answer.
 */
export async function answerOnce(root: string, version: string, type: string, callId?: string): Promise<void> {
  let node: Node | undefined;
  try {
    const layout = layoutOf(root, version);
    const trust = needsPlugins(process.env) ? await openTrust(layout) : undefined;
    const log = stderrLog((text) => write(2, text));
    const open = () => {
      if (trust === undefined) throw new TypeError('this call needs no plugins');
      node = { ...openNode(layout, openLinuxKernel(), trust, log), callId };
      return node;
    };
    print(answer({ type, environment: process.env, readStdin }, open));
  } catch (error) {
    print(failure(error));
  } finally {
    if (node !== undefined) {
      node.kernel.close();
      // All is written. What `process.exit` does besides takes time, and can hang after wasm was run (docs/rationale.md).
      systemCall('_exit', Number(process.exitCode ?? 0));
    }
  }
}

/** Whether a call comes as far as a plugin: VERSION, and one by hand without a command, do not. */
function needsPlugins({ CNI_COMMAND: command = '' }: NodeJS.ProcessEnv): boolean {
  return command !== '' && command !== 'VERSION';
}
