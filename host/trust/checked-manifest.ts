import { ZodError } from 'zod';
import { formatPath, problemsOf } from '../policy/problems.ts';
import type { Manifest } from './manifest.ts';
import { manifestSchema } from './manifest-schema.ts';
import { PluginError } from './plugin.ts';
import type { Candidate } from './plugin-files.ts';
import { readManifest } from './trusted-plugins.ts';

/** The manifest of a component that nobody has judged yet. Throws PluginError with all that is wrong with it. */
export function checkedManifest(component: Pick<Candidate, 'bytes' | 'path'>): Manifest {
  try {
    return manifestSchema.parse(readManifest(component)) as Manifest;
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    const problems = problemsOf(error).map(({ path, message }) => `${formatPath(path) || 'it'}: ${message}`);
    throw new PluginError(`${component.path}: its manifest: ${problems.join('; ')}`, { cause: error });
  }
}
