import { join } from 'node:path';

/** Where everything that Bulkhead owns lies below a root; `/` on a node. */
export interface Layout {
  readonly root: string;
  /** Of one version: programs, plugins and what was made of them. Written at install only. */
  readonly release: string;
  readonly node: string;
  readonly main: string;
  readonly plugins: string;
  readonly transpiled: string;
  readonly compileCache: string;
  /** What `install` did, so that `uninstall` can take it back. */
  readonly installed: string;
  /** Kernel state of attachments: gone with a reboot, as that is. */
  readonly records: string;
  readonly locks: string;
  readonly leaseIndexes: string;
}

/** `/usr/lib/bulkhead/VERSION` for what is installed, `/run/bulkhead` for what calls leave. */
export function layoutOf(root: string, version: string): Layout {
  const release = join(root, 'usr/lib/bulkhead', version);
  const run = join(root, 'run/bulkhead');
  return {
    root,
    release,
    node: join(release, 'node'),
    main: join(release, 'main.mjs'),
    plugins: join(release, 'plugins'),
    transpiled: join(release, 'transpiled'),
    compileCache: join(release, 'compile-cache'),
    installed: join(release, 'installed.json'),
    records: join(run, 'attachments'),
    locks: join(run, 'locks'),
    leaseIndexes: join(run, 'leases'),
  };
}
