import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run } from './shell.ts';

const wanted = 'v1.9.1';
const packages = ['main/bridge', 'main/loopback', 'ipam/host-local', 'ipam/static'];
/** Debian's containernetworking-plugins. */
const installed = '/usr/lib/cni';

export interface Reference {
  readonly directory: string;
  /** As Go noted it in the bridge plugin; a distribution's may tell nothing. */
  readonly version: string;
}

/** The Go plugins: those that were named, else the version that is wanted, else those of the machine. Throws where there are none. */
export function findReference(named: string | undefined): Reference {
  const directory = resolve(named ?? cached() ?? installed);
  const bridge = join(directory, 'bridge');
  if (!existsSync(bridge)) throw new Error(`there are no reference plugins in ${directory}: name them by --reference`);
  const module = /mod\tgithub\.com\/containernetworking\/plugins\t(v[^\t\n]+)/.exec(readFileSync(bridge, 'latin1'));
  return { directory, version: module?.[1] ?? `of an unknown version, in ${directory}` };
}

/** Built by Go from its module proxy, once per user. Undefined where that cannot be done. */
function cached(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const directory = join(cache, `bulkhead/reference-${wanted.slice(1)}`);
  if (existsSync(join(directory, 'bridge'))) return directory;
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  const fresh = `${directory}.${process.pid}`;
  try {
    mkdirSync(dirname(directory), { recursive: true });
    const modules = packages.map((name) => `github.com/containernetworking/plugins/plugins/${name}@${wanted}`);
    console.error(`bulkhead: building the reference plugins ${wanted}, once`);
    run('env', [`GOBIN=${fresh}`, 'go', 'install', ...modules]);
    renameSync(fresh, directory);
    return directory;
  } catch (error) {
    console.error(`bulkhead: ${error instanceof Error ? error.message : error}`);
    rmSync(fresh, { recursive: true, force: true });
    return undefined;
  }
}
