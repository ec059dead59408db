import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';

/** Builds a plugin's directory into a component. */
export async function buildCommand(directory: string, { out }: { readonly out?: string }): Promise<void> {
  const { buildGuest } = await import('../../../guests/sdk/generator/build.ts');
  const { GeneratorError } = await import('../../../guests/sdk/generator/model.ts');
  try {
    const { component, digest, name } = await buildGuest({ directory });
    const file = out ?? join(directory, `${name}.wasm`);
    writeFileSync(file, component);
    console.log(`${file}  ${(component.length / 1024).toFixed(1)} KB  sha256 ${digest}`);
  } catch (error) {
    throw error instanceof GeneratorError ? new UsageError(error.message, { cause: error }) : error;
  }
}
