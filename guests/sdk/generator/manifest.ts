import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { GeneratorError } from './model.ts';

/** `manifest.json` of a guest. What goes into the component is all but the world. */
const manifestSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
  version: z.string().regex(/^\d+\.\d+\.\d+/, 'a version such as 1.0.0'),
  types: z.array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'a CNI type')).min(1),
  description: z.string(),
  world: z.string(),
  reasons: z.record(z.string(), z.string()).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  leases: z.strictObject({ directory: z.string().startsWith('/'), default: z.string().startsWith('/') }).optional(),
});

export type GuestManifest = z.infer<typeof manifestSchema>;

/** Throws GeneratorError with all that is wrong. */
export function readManifest(path: string): GuestManifest {
  const parsed = manifestSchema.safeParse(parseJson(path));
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
