import { resolve } from 'node:path';
import { UsageError } from './errors.ts';
import { type InstalledBinaries, ReplacedBinaries } from './install/binaries.ts';
import { type Layout, layoutOf } from './layout.ts';

/** What is installed below a root, and where. Throws UsageError where nothing is. */
export function requireInstalled(root: string): { readonly installed: InstalledBinaries; readonly layout: Layout } {
  const directory = resolve(root);
  const installed = new ReplacedBinaries(directory).read();
  if (installed === undefined) throw new UsageError(`nothing is installed below ${root}`);
  return { installed, layout: layoutOf(directory, installed.version) };
}
