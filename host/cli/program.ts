import { Command } from 'commander';
import { UsageError } from './errors.ts';
import { projectVersion } from './project.ts';

const root = ['--root <dir>', 'prefix of every file that Bulkhead owns', '/'] as const;

/** The bulkhead command. Each action loads what it needs when it runs. */
function program(): Command {
  const command = new Command('bulkhead')
    .description('CNI plugins as sandboxed WebAssembly components')
    .version(projectVersion())
    .showHelpAfterError('(run `bulkhead --help` for what there is)');

  command
    .command('install')
    .description('install the host and an executable for each CNI type')
    .option('--bin-dir <dir>', 'where the runtime looks for CNI plugins', '/opt/cni/bin')
    .option(...root)
    .action(async (options) => (await import('./commands/install.ts')).installCommand(options));

  command
    .command('uninstall')
    .description('remove an installation, and put back the plugins that were there before')
    .option(...root)
    .action(async (options) => (await import('./commands/install.ts')).uninstallCommand(options));

  command
    .command('plugins')
    .description('list the installed plugins: type, digest, and what each imports')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (options) => (await import('./commands/plugins.ts')).pluginsCommand(options));

  command
    .command('run')
    .description('answer one CNI call (CNI_* in the environment, configuration on stdin), and show what it does')
    .argument('<type>', 'CNI type, such as bridge')
    .option(...root)
    .action(async (type, options) => (await import('./commands/run.ts')).runCommand(type, options));

  command
    .command('build')
    .description('build a plugin into a component')
    .argument('<dir>', 'directory of the plugin, with its manifest.json')
    .option('--out <file>', 'where to write the component (default: NAME.wasm in the directory)')
    .action(async (directory, options) => (await import('./commands/build.ts')).buildCommand(directory, options));

  command
    .command('create')
    .description('start a plugin of your own, from the skeleton')
    .argument('<name>', 'name of the plugin, and of its directory')
    .action(async (name) => (await import('./commands/create.ts')).createCommand(name));

  return command;
}

/** Runs the command. What its user can mend is one line on stderr; anything else is a fault of ours, with its stack. Sets the exit status. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof UsageError || isFileError(error)) console.error(`bulkhead: ${(error as Error).message}`);
    else console.error(error);
  }
}

/** Of a file that the user named: missing, not permitted, no space. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
