import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Koffi from 'koffi';

/** For either C library there is one; a process can load only its own. */
const builds = ['linux', 'musl'] as const;

let found: { readonly koffi: typeof Koffi; readonly file: string } | undefined;

/** koffi's native addon by itself, in 1 ms: its JavaScript takes 6 to 12, and adds nothing that is used here. Throws where there is none for this machine. */
export function loadKoffi(): typeof Koffi {
  found ??= load();
  return found.koffi;
}

/** The file that the addon was loaded from. */
export function koffiFile(): string {
  found ??= load();
  return found.file;
}

function load(): { readonly koffi: typeof Koffi; readonly file: string } {
  const errors: unknown[] = [];
  for (const file of candidates()) {
    try {
      const module: { exports: unknown } = { exports: {} };
      process.dlopen(module, file);
      return { koffi: module.exports as typeof Koffi, file };
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(errors, `koffi cannot be loaded on this machine: ${errors.join('; ')}`);
}

/** In a release, beside the bundle; else among the packages of the project. */
function* candidates(): Generator<string> {
  const own = join(import.meta.dirname, 'koffi.node');
  if (existsSync(own)) {
    yield own;
    return;
  }
  const { resolve } = createRequire(import.meta.filename);
  for (const build of builds) yield resolve(`@koromix/koffi-linux-${process.arch}/${build}_${process.arch}/koffi.node`);
}
