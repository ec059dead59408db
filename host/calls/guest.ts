import { anyConfiguration, canonicalConfiguration } from '../cni/canonical.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import type { LoadedComponent } from '../engine/engine.ts';
import { EngineError, GuestFailure } from '../engine/errors.ts';
import { GuestExit, type WitFailure } from '../interfaces/exit.ts';
import type { Session } from '../interfaces/session.ts';
import { BoundInterfaces, type Onlooker } from '../interfaces/table.ts';
import { fromWitOutcome, type WitOutcome, witOutcome } from '../interfaces/values.ts';
import { Deadline } from '../system/deadline.ts';
import { LockTimeout } from '../system/flock.ts';
import type { Plugin } from '../trust/plugin.ts';
import { configurationProblems, refusing } from './configuration-check.ts';
import { escapeControls } from './log.ts';
import { during, type Meter, type Phase } from './meter.ts';
import type { Node } from './node.ts';
import type { Gathered, PluginCall } from './plugin-call.ts';

const pluginInterface = 'bulkhead:cni/plugin@0.1.0';

/** Codes of error objects that a plugin may use by itself (CNI specification 1.1.0, section "Error"). */
const guestCodes: readonly number[] = [
  errorCodes.invalidNetworkConfig,
  errorCodes.tryAgainLater,
  errorCodes.pluginNotAvailable,
  errorCodes.limitedConnectivity,
];

/**
 * Runs one of the plugin's functions in an instance of its own. Throws CniError for a failure that the plugin reports, EngineError for
 * any other end.
 */
export function runGuest(
  node: Node,
  { call }: PluginCall,
  plugin: Plugin,
  name: 'add' | 'del' | 'check' | 'status',
  session: Session,
  gathered: Gathered,
  previous: Outcome | undefined,
): Outcome | undefined {
  const { type, manifest } = plugin;
  const measured = <T>(phase: Phase, body: () => T) => during(node.meter, type, call.verb, phase, body);
  const component = measured('load', () => node.engine.load(plugin));
  const granted = { ...node.limits, ...plugin.rights.limits };
  const limits = { ...granted, time: Math.min(granted.time, node.kernel.deadline.remaining) };
  const { document } = call.configuration;
  const { text: config } = canonicalConfiguration(document, manifest.config ?? anyConfiguration);
  // Never for DEL: what has become wrong must still be taken away.
  const problems = name === 'del' ? [] : configurationProblems(manifest, config);
  const bound = boundOf(component);
  const run = () => {
    const instance = measured('instantiate', () => component.instantiate(bound.imports, limits));
    try {
      const given = [argument(call, name, config, previous)];
      const value = measured('guest', () => instance.call(pluginInterface, name, given));
      return name === 'add' ? fromWitOutcome(value as WitOutcome) : undefined;
    } catch (error) {
      const failure = failureOf(error);
      throw failure === undefined ? error : cniError(failure, gathered);
    } finally {
      instance.close();
    }
  };
  // A guest may call the host as soon as it is made.
  const served = () => bound.serve(session, onlooker(node.meter, type, call.verb), run);
  return refusing(problems, manifest, () => within(node, limits.time, served));
}

/** Of each component once. */
const bound = new WeakMap<LoadedComponent, BoundInterfaces>();

function boundOf(component: LoadedComponent): BoundInterfaces {
  const known = bound.get(component) ?? new BoundInterfaces(component.shape.imports);
  bound.set(component, known);
  return known;
}

/** Has the time of host functions measured. */
function onlooker(meter: Meter | undefined, type: string, verb: string): Onlooker | undefined {
  if (meter === undefined) return undefined;
  return {
    enter(called) {
      meter.hostCall(called);
      meter.enter(type, verb, 'kernel');
    },
    leave: () => meter.leave(),
  };
}

/** An engine's time-out does not reach into what blocks: that has a deadline of its own. */
function within<T>(node: Node, milliseconds: number, body: () => T): T {
  const before = node.kernel.deadline;
  node.kernel.deadline = before.earliest(Deadline.in(milliseconds));
  try {
    return body();
  } finally {
    node.kernel.deadline = before;
  }
}

/** What the guest says that it fails with, returned or on its way out; undefined for any other end. */
function failureOf(error: unknown): WitFailure | undefined {
  if (error instanceof GuestFailure) return error.payload as WitFailure;
  if (error instanceof EngineError && error.cause instanceof GuestExit) return error.cause.failure;
  return undefined;
}

/** What the runtime is told of an end that the plugin did not choose. */
export function explain(plugin: Plugin | undefined, error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof LockTimeout) return new CniError(errorCodes.tryAgainLater, error.message, '', { cause: error });
  const what = error instanceof Error ? error.message : String(error);
  const who = plugin === undefined ? '' : `plugin ${plugin.type}: `;
  const details = error instanceof EngineError && error.limit !== undefined ? `limit: ${error.limit}` : '';
  return new CniError(errorCodes.internal, escapeControls(`${who}${what}`), details, { cause: error });
}

function argument(call: PluginCall['call'], name: string, config: string, previous: Outcome | undefined): unknown {
  if (name === 'status') return config;
  const { environment, version } = call;
  return {
    version,
    containerId: environment.containerId,
    interfaceName: environment.interfaceName,
    arguments: environment.args,
    config,
    singleAddressPerFamily: version === '0.1.0' || version === '0.2.0',
    previous: previous && witOutcome(previous),
  };
}

/** A code that is not a plugin's to use becomes the one of failures without a code: 3 would tell the runtime not to clean up. */
function cniError({ code, message, details }: WitFailure, { delegateFailure }: Gathered): CniError {
  const passedOn = delegateFailure?.code === code && message.includes(delegateFailure.message);
  const allowed = passedOn || guestCodes.includes(code) || code >= 100;
  return new CniError(allowed ? code : errorCodes.internal, escapeControls(message), escapeControls(details));
}
