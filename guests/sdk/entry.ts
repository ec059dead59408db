// From the contract to the plugin: the generated entry of a component calls these.

import { Nothing, ok, Result } from 'bulkhead-sdk/abi/values';
import { Configuration } from 'bulkhead-sdk/configuration';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { Failure, Outcome, Request } from 'wit/cni/types';

export function runAdd(plugin: Plugin, request: Request): Result<Outcome, Failure> {
  return ok<Outcome, Failure>(plugin.add(new Call(request)));
}

export function runDel(plugin: Plugin, request: Request): Result<Nothing, Failure> {
  plugin.del(new Call(request));
  return ok<Nothing, Failure>(Nothing.it);
}

export function runCheck(plugin: Plugin, request: Request): Result<Nothing, Failure> {
  plugin.check(new Call(request));
  return ok<Nothing, Failure>(Nothing.it);
}

export function runStatus(plugin: Plugin, config: string): Result<Nothing, Failure> {
  plugin.status(Configuration.parse(config));
  return ok<Nothing, Failure>(Nothing.it);
}
