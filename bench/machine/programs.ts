import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from '../../host/cli/project.ts';
import { run } from './shell.ts';

/** Directories with programs by the names of the plugins whose place they take. */
export interface StaticPrograms {
  readonly floor: string;
  readonly nothing: string;
}

/** Without a C library (bench/floor/system.h says why). */
const options = ['-O2', '-Wall', '-Werror', '-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector'];

/** Compiles what Bulkhead is held against. Throws where there is no C compiler. */
export function compilePrograms(directory: string): StaticPrograms {
  return {
    floor: compile(join(projectDirectory, 'bench/floor/floor.c'), join(directory, 'floor')),
    nothing: compile(join(projectDirectory, 'bench/floor/nothing.c'), join(directory, 'nothing')),
  };
}

function compile(source: string, directory: string): string {
  mkdirSync(directory);
  run('cc', [...options, '-o', join(directory, 'bridge'), source]);
  copyFileSync(join(directory, 'bridge'), join(directory, 'loopback'));
  return directory;
}
