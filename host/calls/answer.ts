import { type Call, decodeCall, versionAnswer } from '../cni/call.ts';
import { decodeEnvironment } from '../cni/environment.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import { supportedVersions } from '../cni/versions.ts';
import { Deadline } from '../system/deadline.ts';
import { answerAdd } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { findPlugin } from './find-plugin.ts';
import { collectGarbage } from './gc.ts';
import { explain } from './guest.ts';
import type { Node } from './node.ts';
import type { PluginCall } from './plugin-call.ts';
import { openSandbox, openSandboxIfThere } from './sandbox.ts';
import { status } from './status.ts';
import { Trail } from './trail.ts';

/** What the executable that was called prints, and how it ends. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0 | 1;
}

/** The call as the operating system hands it over. */
export interface RawCall {
  /** The CNI type that the executable stands for. */
  readonly type: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads all of stdin; called once, and only where the verb needs it. */
  readonly readStdin: () => Uint8Array;
}

/** Answers one CNI call. Never throws: what goes wrong is an error object. The node is made only where the call needs one. */
export function answer(raw: RawCall, node: () => Node): Answer {
  try {
    return { stdout: stdoutOf(raw, node), stderr: stderrOf(raw), exitCode: 0 };
  } catch (error) {
    return { stdout: explain(undefined, error).format(), stderr: '', exitCode: 1 };
  }
}

function stdoutOf(raw: RawCall, node: () => Node): string {
  const environment = decodeEnvironment(raw.environment);
  if (environment.command === '') return '';
  if (environment.verb === 'VERSION') return versionAnswer();
  const call = decodeCall(environment, readStdin(raw));
  return run(node(), call, raw.type);
}

/** Called by hand, without a command, the reference says who it is. */
function stderrOf({ type, environment }: RawCall): string {
  if ((environment.CNI_COMMAND ?? '') !== '') return '';
  return `CNI ${type} plugin (Bulkhead)\nCNI protocol versions supported: ${supportedVersions.join(', ')}\n`;
}

/** Runs the call, and writes it down. The runtime gets the correlation with the error, so that who reads one finds the other. */
function run(node: Node, call: Call, type: string): string {
  if (node.audit === undefined) return runInSandbox(node, call, type, () => undefined);
  const trail = new Trail(call, type);
  let stdout: string;
  try {
    stdout = runInSandbox(watched(node, trail), call, type, trail.ran);
  } catch (error) {
    const explained = explain(undefined, error);
    trail.writeTo(node.audit, explained);
    const { code, message, details } = explained;
    const withCorrelation = [details, `audit: ${trail.correlation}`].filter(Boolean).join('; ');
    throw new CniError(code, message, withCorrelation, { cause: error });
  }
  trail.writeTo(node.audit, undefined);
  return stdout;
}

/** The node, with everything that a plugin does seen by the trail. */
function watched(node: Node, trail: Trail): Node {
  return {
    ...node,
    notice(ruling) {
      trail.notice(ruling);
      node.notice?.(ruling);
    },
    observe(stage, operation) {
      trail.observe(stage, operation);
      node.observe?.(stage, operation);
    },
  };
}

function runInSandbox(node: Node, call: Call, type: string, ran: (plugin: PluginCall['plugin']) => void): string {
  node.kernel.deadline = Deadline.in(node.limits.time);
  const sandbox = sandboxOf(node, call);
  try {
    return dispatch(node, call, type, sandbox, ran);
  } finally {
    sandbox?.close();
  }
}

/** What goes to stdout: a result for ADD, nothing for the others. */
function dispatch(
  node: Node,
  call: Call,
  type: string,
  sandbox: PluginCall['sandbox'],
  ran: (plugin: PluginCall['plugin']) => void,
): string {
  const plugin = call.verb === 'GC' ? undefined : findPlugin(node, type, call.verb);
  ran(plugin);
  const pluginCall: PluginCall = { call, type, plugin, sandbox, nested: false, known: new Map() };
  switch (call.verb) {
    case 'ADD':
      return answerAdd(node, pluginCall);
    case 'DEL':
      del(node, pluginCall);
      return '';
    case 'CHECK':
      check(node, pluginCall);
      return '';
    case 'STATUS':
      status(node, pluginCall);
      return '';
    case 'GC':
      collectGarbage(node, call, type);
      return '';
  }
}

function sandboxOf(node: Node, call: Call): PluginCall['sandbox'] {
  switch (call.verb) {
    case 'ADD':
    case 'CHECK':
      return openSandbox(node.kernel, call.environment);
    case 'DEL':
      return openSandboxIfThere(node.kernel, call.environment);
    case 'GC':
    case 'STATUS':
      return undefined;
  }
}

function readStdin(raw: RawCall): Uint8Array {
  try {
    return raw.readStdin();
  } catch (error) {
    throw new CniError(errorCodes.ioFailure, `error reading from stdin: ${(error as Error).message}`, '', {
      cause: error,
    });
  }
}
