import { decodeComponent } from '../component/decode.ts';
import { ComponentFormatError } from '../component/reader.ts';
import type { ComponentShape } from '../component/shape.ts';
import { EngineError } from './errors.ts';

/** What a component imports and exports, of a kind that any engine runs. Throws EngineError `invalid-component`. */
export function shapeOf(bytes: Uint8Array): ComponentShape {
  try {
    return decodeComponent(bytes);
  } catch (error) {
    if (!(error instanceof ComponentFormatError)) throw error;
    throw new EngineError('invalid-component', `not a component that can run here: ${error.message}`, { cause: error });
  }
}
