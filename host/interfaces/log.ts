import { hostInterface } from './interface.ts';
import type { LogLevel } from './session.ts';

/** What a plugin has to say. The session escapes it, and ends the guest that says too much. */
export const log = hostInterface('bulkhead:cni/log@0.1.0', {
  write: (session, level: LogLevel, message: string) => session.log(level, message),
});
