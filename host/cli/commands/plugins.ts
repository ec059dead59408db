import { escapeControls } from '../../calls/log.ts';
import { decodeComponent } from '../../component/decode.ts';
import { readManifest } from '../../trust/trusted-plugins.ts';
import { requireInstalled } from '../installed.ts';
import { pluginFilesOf } from '../node.ts';
import { paint } from '../terminal.ts';

/** What plugins are installed: type, digest, and imports, which are all that they can do. */
export function pluginsCommand({ root, json }: { readonly root: string; readonly json?: boolean }): void {
  const { layout } = requireInstalled(root);
  const store = pluginFilesOf(layout);
  const found = store.types
    .flatMap((type) => store.read(type) ?? [])
    .map((plugin) => ({ ...plugin, manifest: readManifest(plugin) }))
    .map(({ type, digest, bytes, manifest }) => ({
      type,
      digest,
      size: bytes.length,
      version: manifest.version,
      description: manifest.description,
      imports: [...decodeComponent(bytes).imports.keys()].filter((id) => !id.includes('/types@')),
    }));
  if (json) {
    console.log(JSON.stringify(found, null, 2));
    return;
  }
  for (const plugin of found) {
    const { type, version, description } = plugin;
    console.log(`${paint('bold', escapeControls(type))} ${escapeControls(version)}  ${escapeControls(description)}`);
    console.log(`  sha256 ${plugin.digest}  ${(plugin.size / 1024).toFixed(1)} KB`);
    for (const id of plugin.imports) console.log(`  imports ${escapeControls(id)}`);
  }
}
