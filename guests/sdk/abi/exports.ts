// What the world exports, carried out by the author's plugin.

import { Nothing, Result } from 'bulkhead-sdk/abi/values';
import { runAdd, runCheck, runDel, runStatus } from 'bulkhead-sdk/entry';
import { plugin } from 'guest/plugin';
import { Failure, Outcome, Request } from 'wit/cni/types';

export function add(request: Request): Result<Outcome, Failure> {
  return runAdd(plugin(), request);
}

export function del(request: Request): Result<Nothing, Failure> {
  return runDel(plugin(), request);
}

export function check(request: Request): Result<Nothing, Failure> {
  return runCheck(plugin(), request);
}

export function status(config: string): Result<Nothing, Failure> {
  return runStatus(plugin(), config);
}
