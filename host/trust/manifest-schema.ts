import { z } from 'zod';

/** What a manifest may say. A guest's `manifest.json` also names its world. */
export const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.0.0'),
  types: z.array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'a CNI type')).min(1),
  description: z.string(),
  reasons: z.record(z.string(), z.string()).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  explainsConfiguration: z.boolean().optional(),
  leases: z.strictObject({ directory: z.string().startsWith('/'), default: z.string().startsWith('/') }).optional(),
});
