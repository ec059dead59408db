import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GeneratorError } from './model.ts';

/** The part of the compiler's programming interface that is used. Its own types declare AssemblyScript's globals over those of Node. */
interface Compiler {
  main(
    args: readonly string[],
    io: {
      readonly readFile: (name: string) => string | null;
      readonly writeFile: (name: string, contents: string | Uint8Array) => void;
      readonly listFiles: () => readonly string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

const compilerModule: string = 'assemblyscript/asc';

export interface Compilation {
  /** The guest's own directory: `guest/…`. */
  readonly guest: string;
  /** The SDK: `bulkhead-sdk/…`. */
  readonly sdk: string;
  /** Generated modules: `wit/…`. */
  readonly modules: ReadonlyMap<string, string>;
  readonly entry: string;
  /** asconfig.json: options of the compiler, by their long names. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Module and function that aborts go to: `bulkhead-sdk/abi/abort`; none where the world has no way to say why. */
  readonly abort: string | undefined;
}

/** Compiles a guest to a core module. Throws GeneratorError with what the compiler says. */
export async function compileGuest(compilation: Compilation): Promise<Uint8Array> {
  const entryFile = 'guest-entry.ts';
  const outputs = new Map<string, Uint8Array>();
  const flags = Object.entries(compilation.options).flatMap(([name, value]) => {
    if (value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
  const abort = compilation.abort === undefined ? 'abort=' : `abort=~lib/${compilation.abort}/abort`;
  const entries = [entryFile, ...(compilation.abort === undefined ? [] : ['guest-abort.ts'])];
  const { default: compiler } = (await import(compilerModule)) as { readonly default: Compiler };
  const { error, stderr } = await compiler.main([...entries, '--outFile', 'core.wasm', '--use', abort, ...flags], {
    readFile: (name) => readSource(name, compilation, entryFile),
    writeFile: (name, contents) => {
      outputs.set(name, typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
    },
    listFiles: () => [],
  });
  const core = outputs.get('core.wasm');
  if (error !== null || core === undefined)
    throw new GeneratorError(`asc: ${stderr.toString().trim() || error?.message}`);
  return core;
}

/** Packages have no place on disk: the compiler looks for them below node_modules, and gets them from where they are. */
function readSource(
  name: string,
  { guest, sdk, modules, entry, abort }: Compilation,
  entryFile: string,
): string | null {
  const path = name.replaceAll('\\', '/');
  if (path.endsWith('package.json')) return null;
  if (path === entryFile) return `export * from "wit/${entry}";\n`;
  if (path === 'guest-abort.ts') return `import { abort } from "${abort}";\nexport { abort };\n`;
  const [, root, rest] =
    /(?:^|\/)(wit|guest|bulkhead-sdk)\/(.+)\.ts$/.exec(path.replace(/^.*node_modules\//, '')) ?? [];
  if (root === 'wit') return modules.get(rest ?? '') ?? null;
  if (root === undefined || rest === undefined) return null;
  return readText(join(root === 'guest' ? guest : sdk, `${rest}.ts`));
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
