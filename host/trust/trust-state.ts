import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { type FileStamp, isCurrent } from '../system/file-stamp.ts';
import { readWithoutLinks } from '../system/trusted-file.ts';
import type { Verdict } from './judge.ts';
import type { Seal } from './seal.ts';

/** What a node trusts: its policy, and what was found of its plugins under it. */
export interface TrustState {
  readonly policy: CompiledPolicy;
  readonly verdicts: readonly Verdict[];
  /** All files that this rests on. */
  readonly sources: readonly FileStamp[];
}

/** Changes whenever the state changes its meaning. */
const purpose = 'bulkhead trust state 1';
const largest = 32 * 1024 * 1024;

/** The state on disk, sealed; undefined where there is none, where it is not what this machine wrote, or where a file that it rests on has changed. */
export function readTrustState(path: string, seal: Seal): TrustState | undefined {
  if (!existsSync(path)) return undefined;
  const text = readWithoutLinks(path, largest).toString('utf8');
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end < 0 || !seal.for(purpose).matches(text.slice(0, end), [body])) return undefined;
  const state = JSON.parse(body) as TrustState;
  return state.sources.every(isCurrent) ? state : undefined;
}

/** Appears whole, by a rename. */
export function writeTrustState(path: string, seal: Seal, state: TrustState): void {
  const body = JSON.stringify(state);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${seal.for(purpose).over([body])}\n${body}`, { mode: 0o600 });
  renameSync(fresh, path);
}
