import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './shell.ts';

const directory = '/run/netns';

/** Network namespaces, made ahead and used again. They are below this process's own /run, and go when it ends. */
export class Namespaces {
  #made = 0;

  constructor() {
    run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run']);
    mkdirSync(directory);
  }

  /** Of a node: it passes on what its containers send, as a node does. */
  node(name: string): string {
    const path = join(directory, name);
    run('sh', ['-c', make, 'sh', path]);
    run('nsenter', [`--net=${path}`, 'ip', 'link', 'set', 'lo', 'up']);
    return path;
  }

  /** Sees to it that there are so many containers. */
  prepare(count: number): void {
    const missing = Array.from({ length: Math.max(0, count - this.#made) }, (_, i) => this.container(this.#made + i));
    if (missing.length > 0) run('sh', ['-c', make, 'sh', ...missing]);
    this.#made += missing.length;
  }

  container(index: number): string {
    return join(directory, `container-${index}`);
  }
}

const make = 'set -e; for path; do : > "$path"; unshare --net="$path" true; done';
