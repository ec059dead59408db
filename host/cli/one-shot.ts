import { readSync, writeSync } from 'node:fs';
import { type Answer, answer } from '../calls/answer.ts';
import { escapeControls, stderrLog } from '../calls/log.ts';
import type { Node } from '../calls/node.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import { openLinuxKernel } from '../kernel/linux/linux-kernel.ts';
import { sleep } from '../system/sleep.ts';
import { layoutOf } from './layout.ts';
import { openNode, openTrust } from './node.ts';

/** A configuration is a few kilobytes; more than this is not read. */
const largestStdin = 32 * 1024 * 1024;

/**
 * One CNI call in a process of its own: what the executables in /opt/cni/bin come to. Sets the exit status and returns; the
 * process ends by itself, since `process.exit` after running wasm can hang (docs/rationale.md). `callId`: of a call that a daemon did not answer.
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
    node?.kernel.close();
  }
}

/** For what should not have happened: an error object all the same, never a stack. */
function failure(error: unknown): Answer {
  const message = escapeControls(`bulkhead: ${error instanceof Error ? error.message : error}`);
  return { stdout: new CniError(errorCodes.internal, message).format(), stderr: '', exitCode: 1 };
}

/** Whether a call comes as far as a plugin: VERSION, and one by hand without a command, do not. */
function needsPlugins({ CNI_COMMAND: command = '' }: NodeJS.ProcessEnv): boolean {
  return command !== '' && command !== 'VERSION';
}

/** Prints the answer and sets the exit status. */
export function print({ stdout, stderr, exitCode }: Answer): void {
  write(2, stderr);
  write(1, stdout);
  process.exitCode = exitCode;
}

/** All of stdin. Throws where it has more than a configuration can have. */
export function readStdin(): Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536);
    const read = readChunk(chunk);
    if (read === 0) return Buffer.concat(chunks);
    size += read;
    if (size > largestStdin) throw new Error(`more than ${largestStdin} bytes`);
    chunks.push(chunk.subarray(0, read));
  }
}

/** A closed stdin has nothing in it; one that does not block is asked again. */
function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF' || code === 'EBADF') return 0;
      if (code !== 'EAGAIN') throw error;
      sleep(1);
    }
  }
}

/** Writes all of the text; a reader that has gone away does not get it, and is nobody to tell. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return;
      sleep(1);
    }
  }
}
