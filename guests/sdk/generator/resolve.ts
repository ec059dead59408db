import { componentEmbed } from '@bytecodealliance/jco';
import { decodeWorld } from './decode.ts';
import type { World } from './model.ts';

export interface ResolvedWorld {
  readonly world: World;
  /** A core module with the right imports and exports and nothing in it, as wit-component makes it: what bindings are held against. */
  readonly dummy: Uint8Array;
}

export interface WitSource {
  /** Directory of the package with its `deps`, or one WIT text with nested packages. */
  readonly path?: string;
  readonly text?: string;
  readonly world?: string;
}

/** Strings are UTF-16 on both sides: AssemblyScript's own, and JavaScript's. */
const stringEncoding = 'utf16';

/** Resolves a world by the tools that every other language uses: names, versions, `use` and `include` are theirs to find. Throws what they throw. */
export async function resolveWorld(source: WitSource): Promise<ResolvedWorld> {
  const dummy = await componentEmbed({ dummy: true, ...embedOptions(source) });
  const module = new WebAssembly.Module(Uint8Array.from(dummy));
  const [section] = WebAssembly.Module.customSections(module, 'component-type');
  if (section === undefined) throw new TypeError('wit-component wrote no component-type section');
  return { world: decodeWorld(new Uint8Array(section)), dummy };
}

/** What componentEmbed has to know of the source. `%` before a world's name: it may be a word of WIT, as `static` is. */
export function embedOptions({ path, text, world }: WitSource) {
  return {
    stringEncoding,
    ...(path === undefined ? {} : { witPath: path }),
    ...(text === undefined ? {} : { witSource: text }),
    ...(world === undefined ? {} : { world: `%${world}` }),
  } as const;
}
