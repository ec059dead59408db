import { install, uninstall } from '../install/install.ts';
import { columns } from '../terminal.ts';

export function installCommand(options: { readonly binDir: string; readonly root: string }): void {
  const { version, binDirectory, types } = install({ binDirectory: options.binDir, root: options.root });
  console.log(`bulkhead ${version} is installed: ${types.join(', ')} in ${binDirectory}`);
}

export function uninstallCommand(options: { readonly root: string }): void {
  const { installed, restored, records } = uninstall(options.root);
  const rows = installed.types.map((type) => [type, restored.includes(type) ? 'put back as it was' : 'removed']);
  console.log(`bulkhead ${installed.version} is uninstalled from ${installed.binDirectory}`);
  console.log(columns(rows));
  if (records !== undefined) console.log(`records of attachments stay in ${records}: containers may be running`);
}
