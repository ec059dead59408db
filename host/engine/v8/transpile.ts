import { transpile } from '@bytecodealliance/jco';
import { guardMemory } from '../../component/memory-guard.ts';
import { ComponentFormatError } from '../../component/reader.ts';

/** What V8 runs instead of a component. */
export interface Transpiled {
  /** JavaScript whose value is jco's `instantiate(getCoreModule, imports, instantiateCore)`. */
  readonly glue: string;
  /** Core modules by the names that the glue asks for. */
  readonly cores: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** jco's own type of its options leaves `strict` out. */
const options = {
  name: 'component',
  instantiation: 'sync',
  nodejsCompat: false,
  tlaCompat: false,
  base64Cutoff: 0,
  strict: true,
} as const;

/**
 * Turns a component into core modules and JavaScript glue. Takes some 100 ms and megabytes of code, so it is done at install.
 * Throws ComponentFormatError where a core module uses what the host does not allow.
 */
export async function transpileComponent(component: Uint8Array): Promise<Transpiled> {
  const { files } = await transpile(component, options);
  const cores = new Map<string, Uint8Array<ArrayBuffer>>();
  let glue: string | undefined;
  for (const [name, bytes] of Object.entries(files)) {
    if (name.endsWith('.wasm')) cores.set(name, guardMemory(bytes));
    else if (name.endsWith('.js')) glue = asScript(new TextDecoder().decode(bytes));
  }
  if (glue === undefined) throw new ComponentFormatError('jco made no JavaScript of it');
  return { glue, cores };
}

/** A module that exports `instantiate` as a script with that function as its value, which can be run from verified text. */
function asScript(module: string): string {
  if (/^\s*import\b/m.test(module)) throw new ComponentFormatError('the transpiled component imports modules');
  return `'use strict';(() => {${module.replaceAll(/^export (?=function|const)/gm, '')}\nreturn instantiate;})()`;
}
