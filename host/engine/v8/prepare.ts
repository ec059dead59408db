import type { ComponentSource } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { shapeOf } from '../shape-of.ts';
import type { TranspiledStore } from './store.ts';
import { transpileComponent } from './transpile.ts';

/**
 * Makes a component ready for the engine, unless that was done before. At install, not when it is called: jco is large, and needs a tenth
 * of a second. Throws EngineError `invalid-component`.
 */
export async function prepareComponent(store: TranspiledStore, { digest, bytes }: ComponentSource): Promise<void> {
  if (store.find(digest) !== undefined) return;
  const shape = shapeOf(bytes);
  try {
    store.keep(digest, { shape, ...(await transpileComponent(bytes)) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineError('invalid-component', `not a component that can run here: ${why}`, { cause: error });
  }
}
