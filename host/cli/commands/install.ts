import { resolve } from 'node:path';
import { escapeControls } from '../../calls/log.ts';
import { install, uninstall } from '../install/install.ts';
import { proposeGrants } from '../install/proposals.ts';
import { layoutOf } from '../layout.ts';
import { columns } from '../terminal.ts';

export function installCommand(options: { readonly binDir: string; readonly root: string }): void {
  const { version, binDirectory, types } = install({ binDirectory: options.binDir, root: options.root });
  console.log(`bulkhead ${version} is installed: ${types.join(', ')} in ${binDirectory}`);
  const { policy, networks } = layoutOf(resolve(options.root), version);
  console.log(`who may provide plugins, and what they may do: ${policy}`);
  for (const { file, network, type, grant, why } of proposeGrants(networks, binDirectory, types)) {
    console.log(escapeControls(`network ${network} (${file}): ${why}; to let it, add to plugins.${type}.grants:`));
    console.log(`      ${escapeControls(grant)}`);
  }
}

export function uninstallCommand(options: { readonly root: string }): void {
  const { installed, restored, left } = uninstall(options.root);
  const rows = installed.types.map((type) => [type, restored.includes(type) ? 'put back as it was' : 'removed']);
  console.log(`bulkhead ${installed.version} is uninstalled from ${installed.binDirectory}`);
  console.log(columns(rows));
  for (const [path, what] of left) console.log(`${path} stays: ${what}`);
}
