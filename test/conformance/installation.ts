import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../../host/cli/install/install.ts';

/** Bulkhead, installed in a directory of its own. */
export class Installation implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'bulkhead-conformance-test-'));
  readonly binaries = join(this.directory, 'bin');

  constructor() {
    install({ binDirectory: this.binaries, root: join(this.directory, 'root') });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
