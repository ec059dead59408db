import { join } from 'node:path';

/** Where everything that Bulkhead owns lies below a root; `/` on a node. */
export interface Layout {
  readonly root: string;
  /** Of one version: programs, plugins and what was made of them. Written at install only. */
  readonly release: string;
  /** Executes the daemon of the release that was installed last: units of a service manager name it. */
  readonly daemonLauncher: string;
  readonly node: string;
  /** Of Node, as the process of one call starts from it; where that finds the host is in host/cli/one-shot-code.ts. */
  readonly boot: string;
  readonly daemonMain: string;
  /** The bindings of wasmtime, in releases that were built where there is cargo. */
  readonly wasmtime: string;
  readonly plugins: string;
  /** Of the daemon. */
  readonly compileCache: string;
  /** What `install` did, so that `uninstall` can take it back. */
  readonly installed: string;
  /** Kernel state of attachments: gone with a reboot, as that is. */
  readonly records: string;
  readonly locks: string;
  readonly leaseIndexes: string;
  /** Of the daemon: nobody else may look in. */
  readonly daemon: string;
  readonly socket: string;
  readonly controlSocket: string;
  /** The operator's: policy and networks. */
  readonly networks: string;
  readonly policy: string;
  /** What this machine made for itself, and authenticates. */
  readonly secret: string;
  readonly trust: string;
  readonly transpiled: string;
  readonly compiled: string;
  /** Plugins that an operator added to those of the release. */
  readonly addedPlugins: string;
  readonly audit: string;
  /** A byte for each call that could not be written down. */
  readonly auditLost: string;
}

/**
 * `/usr/lib/bulkhead/VERSION` for what is installed, `/etc/bulkhead` for what the operator writes, `/var/lib/bulkhead` for what the
 * machine keeps, `/run/bulkhead` for what calls leave.
 */
export function layoutOf(root: string, version: string): Layout {
  const release = join(root, 'usr/lib/bulkhead', version);
  const run = join(root, 'run/bulkhead');
  const state = join(root, 'var/lib/bulkhead');
  return {
    root,
    release,
    daemonLauncher: join(root, 'usr/lib/bulkhead/daemon'),
    node: join(release, 'node'),
    boot: join(release, 'boot.blob'),
    daemonMain: join(release, 'daemon.mjs'),
    wasmtime: join(release, 'wasmtime.node'),
    plugins: join(release, 'plugins'),
    compileCache: join(release, 'compile-cache'),
    installed: join(release, 'installed.json'),
    records: join(run, 'attachments'),
    locks: join(run, 'locks'),
    leaseIndexes: join(run, 'leases'),
    daemon: join(run, 'daemon'),
    socket: join(run, 'daemon/calls.sock'),
    controlSocket: join(run, 'daemon/control.sock'),
    networks: join(root, 'etc/cni/net.d'),
    policy: join(root, 'etc/bulkhead/policy.yaml'),
    secret: join(state, 'secret'),
    trust: join(state, 'trust'),
    transpiled: join(state, 'transpiled'),
    compiled: join(state, 'compiled'),
    addedPlugins: join(state, 'plugins'),
    audit: join(root, 'var/log/bulkhead/audit'),
    auditLost: join(run, 'audit-lost'),
  };
}
