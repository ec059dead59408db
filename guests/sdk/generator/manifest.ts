import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { manifestSchema } from '../../../host/trust/manifest-schema.ts';
import { GeneratorError } from './model.ts';

/** `manifest.json` of a guest. What goes into the component is all but the world. */
const guestManifestSchema = manifestSchema.extend({ $schema: z.string().optional(), world: z.string() });

export type GuestManifest = z.infer<typeof guestManifestSchema>;

/** Throws GeneratorError with all that is wrong. */
export function readManifest(path: string): GuestManifest {
  const parsed = guestManifestSchema.safeParse(parseJson(path));
  if (parsed.success) return parsed.data;
  throw new GeneratorError(`${path}:\n${z.prettifyError(parsed.error)}`);
}

function parseJson(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GeneratorError(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
