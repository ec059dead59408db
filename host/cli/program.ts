import { Command } from 'commander';
import { escapeControls } from '../calls/log.ts';
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
    .command('serve')
    .description('answer calls without starting a process for each: the daemon of an installation')
    .option('--engine <name>', 'v8 or wasmtime (default: wasmtime where the release has it)')
    .option(...root)
    .action(async (options) => (await import('./commands/daemon.ts')).serveCommand(options));

  command
    .command('status')
    .description('say how the daemon is; exit status 1 where none serves')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (options) => (await import('./commands/daemon.ts')).statusCommand(options));

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

  command
    .command('conformance')
    .description(
      'check the plugins of a directory against the specification, from outside; exit status 1 where one fails',
    )
    .argument('[bin-dir]', 'the directory, such as /opt/cni/bin')
    .option('--only <glob>', 'checks with such ids; commas separate several')
    .option('--list', 'show the checks, run none')
    .option('--known <file>', 'ids of known failures, one a line: they do not fail the run')
    .option('--plugin <name>', 'this plugin only, which may be one that the suite does not know')
    .option('--config <file>', 'with --plugin: a configuration that ADD succeeds with in an empty network namespace')
    .option('--timeout <seconds>', 'how long a call may take', '20')
    .option('--jobs <n>', 'how many checks run at once (default: one for each processor)')
    .option('--tap', 'as TAP')
    .option('--json', 'as JSON')
    // 2 is wrong usage for this command, since 1 says that a check has failed.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action(async (directory, options) =>
      (await import('./commands/conformance.ts')).conformanceCommand(directory, options),
    );

  trustCommands(command);
  return command;
}

/** Who may provide plugins, and what they may do. */
function trustCommands(command: Command): void {
  command
    .command('keygen')
    .description('make a key pair to sign plugins with: NAME.key and NAME.pub')
    .argument('<name>', 'name of both files, without its ending')
    .option('--type <type>', 'ecdsa-p256 or ed25519', 'ecdsa-p256')
    .action(async (name, options) => (await import('./commands/sign.ts')).keygenCommand(name, options));

  command
    .command('sign')
    .description('sign a component; the bundle is one that cosign verifies as well')
    .argument('<file>', 'the component')
    .requiredOption('--key <file>', 'private key, PEM (BULKHEAD_PASSPHRASE where it is encrypted)')
    .option('--bundle <file>', 'where to write the bundle (default: FILE.sigstore.json)')
    .action(async (file, options) => (await import('./commands/sign.ts')).signCommand(file, options));

  command
    .command('verify')
    .description('verify who signed a component, by a key or an identity; exit status 1 where nobody did')
    .argument('<file>', 'the component')
    .option('--key <file>', 'public key, PEM')
    .option('--identity <name>', 'subject alternative name of the certificate, exactly')
    .option('--issuer <url>', 'OIDC issuer of the identity, exactly')
    .option('--trusted-root <file>', 'sigstore trusted root')
    .option('--bundle <file>', 'the bundle (default: FILE.sigstore.json)')
    .option('--json', 'as JSON')
    .action(async (file, options) => (await import('./commands/sign.ts')).verifyCommand(file, options));

  command
    .command('inspect')
    .description('show what a component is, what it asks for and why, and what the policy says of it')
    .argument('<file>', 'the component')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (file, options) => (await import('./commands/inspect.ts')).inspectCommand(file, options));

  const plugin = command.command('plugin').description('plugins beside those of the release');
  plugin
    .command('add')
    .description('add a component, with the signatures beside it, where the policy lets it run')
    .argument('<file>', 'the component')
    .option(...root)
    .action(async (file, options) => (await import('./commands/plugin.ts')).addCommand(file, options));
  plugin
    .command('remove')
    .description('take away a plugin that was added')
    .argument('<type>', 'CNI type')
    .option(...root)
    .action(async (type, options) => (await import('./commands/plugin.ts')).removeCommand(type, options));
  plugin
    .command('list')
    .description('list all plugins of the node, and whether each may run')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (options) => (await import('./commands/plugin.ts')).listCommand(options));

  command
    .command('explain')
    .description(
      'show what one call did, and which line of the policy let it: by the correlation in the error, or the last call',
    )
    .argument('[correlation]', 'after `audit:` in the details of an error')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (id, options) => (await import('./commands/audit.ts')).explainCommand(id, options));

  const audit = command.command('audit').description('the log of all calls, var/log/bulkhead/audit below the root');
  audit
    .command('verify')
    .description('verify that nothing in the log was changed or removed; exit status 1 where something was')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (options) => (await import('./commands/audit.ts')).verifyCommand(options));
  audit
    .command('list')
    .description('list the calls')
    .option('--json', 'as JSON, a line each')
    .option(...root)
    .action(async (options) => (await import('./commands/audit.ts')).listCommand(options));

  const policy = command.command('policy').description('the policy, etc/bulkhead/policy.yaml below the root');
  policy
    .command('check')
    .description('say what is effective for each plugin; exit status 1 where one may not run')
    .option('--json', 'as JSON')
    .option(...root)
    .action(async (options) => (await import('./commands/policy.ts')).checkCommand(options));
  policy
    .command('apply')
    .description('make the policy effective now; the next call would')
    .option(...root)
    .action(async (options) => (await import('./commands/policy.ts')).applyCommand(options));
  policy
    .command('schema')
    .description('print the JSON Schema of the policy, for editors')
    .action(async () => (await import('./commands/policy.ts')).schemaCommand());
}

/** Runs the command. What its user can mend is one line on stderr; anything else is a fault of ours, with its stack. Sets the exit status. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = 1;
    if (isMendable(error)) console.error(`bulkhead: ${error.message.split('\n').map(escapeControls).join('\n')}`);
    else console.error(error);
  }
}

/** Errors about what the user gave: by name, since not every command loads what throws them. */
const mendable = [
  'UsageError',
  'PolicyError',
  'UntrustedFile',
  'PluginError',
  'KeyError',
  'SignatureError',
  'EngineError',
];

/** Also those of a file that the user named: missing, not permitted, no space. */
function isMendable(error: unknown): error is Error {
  return error instanceof Error && (mendable.includes(error.name) || ('syscall' in error && 'path' in error));
}
