import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a launcher executes: `node main.mjs ROOT VERSION TYPE [CALL]`. The compile cache lies beside it: without a directory Node would
 * take one in /tmp, which anybody can write. Portable, since the release is warmed before it is moved to its place.
 */
enableCompileCache({ directory: join(dirname(fileURLToPath(import.meta.url)), 'compile-cache'), portable: true });
const [root = '/', version = '', type = '', callId] = process.argv.slice(2);
const { answerOnce } = await import('./one-shot.ts');
await answerOnce(root, version, type, callId);
