import { concat, leb, readSections, sectionIds, writeSections } from '../../../host/component/core-module.ts';
import { Reader } from '../../../host/component/reader.ts';

/** The module with its exports called by other names. AssemblyScript spells identifiers only; an export that is mapped to undefined is dropped. */
export function renameExports(
  module: Uint8Array,
  names: ReadonlyMap<string, string | undefined>,
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  return writeSections(
    readSections(module).map((section) => {
      if (section.id !== sectionIds.export) return section;
      const reader = new Reader(section.body);
      const entries = reader.vector(() => {
        const name = reader.string();
        const rest = [reader.byte(), ...leb(reader.u32())];
        const renamed = names.has(name) ? names.get(name) : name;
        if (renamed === undefined) return [];
        const bytes = encoder.encode(renamed);
        return [concat([leb(bytes.length), bytes, rest])];
      });
      const kept = entries.flat();
      return { id: section.id, body: concat([leb(kept.length), ...kept]) };
    }),
  );
}
