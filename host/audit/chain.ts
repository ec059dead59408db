/** Authenticates texts; see `Seal` in host/trust. */
export interface Sealing {
  readonly over: (parts: readonly (string | Uint8Array)[]) => string;
  readonly matches: (value: string, parts: readonly (string | Uint8Array)[]) => boolean;
}

/** What stands in one line of a segment. */
export type Content =
  /** The first of each segment. */
  | { readonly segment: number; readonly after: string }
  | { readonly call: unknown }
  /** A writer was killed, or the disk was full, in the middle of what stands before: nobody tore it off. */
  | { readonly cut: true };

interface Line {
  readonly content: Content;
  readonly mac: string;
}

/** A `Line` as JSON, with its end. Each is authenticated together with the one before it, so that none can be changed, removed or moved. */
export function formatLine(
  content: Content,
  before: string,
  seal: Sealing,
): { readonly text: string; readonly mac: string } {
  const said = JSON.stringify(content);
  const mac = seal.over([before, said]);
  return { text: `{"content":${said},"mac":"${mac}"}\n`, mac };
}

/** Undefined where the text is not a line at all. */
export function parseLine(text: string): Line | undefined {
  try {
    const { content, mac } = JSON.parse(text) as Line;
    return typeof content === 'object' && content !== null && typeof mac === 'string' ? { content, mac } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the line follows the one before it, and is spelled as the log spells it: a key that stands twice is read in two ways. */
export function isNext(text: string, { content, mac }: Line, before: string, seal: Sealing): boolean {
  const own = JSON.stringify({ content, mac } satisfies Line);
  return own === text && seal.matches(mac, [before, JSON.stringify(content)]);
}

/** Lines of a text, whether or not the last of them is whole. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Where the log ends, so that a tail that was cut off is missed. Lines may follow whose writer was killed before it moved the head. */
export interface Head {
  readonly segment: number;
  /** Bytes of that segment; 0 where its header has yet to be written. */
  readonly size: number;
  /** Calls in all segments that there ever were. */
  readonly calls: number;
  readonly mac: string;
}

export const headFile = 'head.json';

export function formatHead(head: Head, seal: Sealing): string {
  return JSON.stringify({ head, mac: seal.over(['head', JSON.stringify(head)]) });
}

/** Undefined where it is not what the log wrote. */
export function parseHead(text: string, seal: Sealing): Head | undefined {
  try {
    const { head, mac } = JSON.parse(text) as { head: Head; mac: string };
    return seal.matches(mac, ['head', JSON.stringify(head)]) ? head : undefined;
  } catch {
    return undefined;
  }
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.jsonl`;
}

/** The number of a segment's file; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  return /^\d{8}\.jsonl$/.test(name) ? Number(name.slice(0, 8)) : undefined;
}
