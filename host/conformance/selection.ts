/** Whether an id matches a pattern: `*` stands for anything, commas separate alternatives. */
export function matches(id: string, pattern: string): boolean {
  return pattern.split(',').some((one) => {
    // Ids have no character that is special in an expression; what else there is matches none of them.
    const source = one
      .trim()
      .replace(/[^\w*-]/g, '\\$&')
      .replaceAll('*', '.*');
    return new RegExp(`^${source}$`).test(id);
  });
}

/** The ids of a list of known failures: one a line, `#` begins a comment. */
export function parseKnown(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return new Set(lines.filter((line) => line !== ''));
}
