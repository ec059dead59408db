import { fail } from 'wit/cni/exit';
import { Failure } from 'wit/cni/types';

/** Where AssemblyScript goes when an assertion fails or a bound is passed: the call fails, and says where in the plugin. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const failure = new Failure();
  failure.code = 999;
  failure.message = 'the plugin aborted: ' + (message === null ? 'no reason given' : message);
  failure.details = (file === null ? '?' : file) + ':' + line.toString() + ':' + column.toString();
  fail(failure);
  unreachable();
}
