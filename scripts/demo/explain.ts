import { built } from '../../host/cli/project.ts';
import { columns } from '../../host/cli/terminal.ts';
import { decodeComponent } from '../../host/component/decode.ts';
import { PluginFiles } from '../../host/trust/plugin-files.ts';
import { faint, line, title } from './paper.ts';

/** Shows why it is safe: what each plugin imports is all that it can do. */
export function explainPlugins(): void {
  title('The plugins, and all that each of them can do');
  const store = new PluginFiles(built.plugins);
  const rows = store.types
    .flatMap((type) => store.read(type) ?? [])
    .map(({ type, digest, bytes }) => {
      const imports = [...decodeComponent(bytes).imports.keys()].filter((id) => !/\/(types|namespaces)@/.test(id));
      const names = imports.map((id) => id.replace(/^.*\/(.*)@.*$/, '$1')).join(', ');
      return [type, `${(bytes.length / 1024).toFixed(0)} KB`, digest.slice(0, 12), names];
    });
  for (const row of columns(rows).split('\n')) line(row);
  line(
    faint('A component can call what it imports and nothing else: no files, no processes, no sockets. Only one that'),
  );
  line(
    faint(
      'imports “host” can name the host’s network at all, and each change it asks for is recorded before it is made.',
    ),
  );
}
