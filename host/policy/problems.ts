import type { z } from 'zod';

/** What is wrong with a file, at a place in it: `plugins.bridge.grants[1].link.create.door`. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** All problems that zod found, each once, at the place that it is about. */
export function problemsOf(error: z.ZodError): readonly Problem[] {
  return error.issues.flatMap((issue) => flatten(issue, []));
}

/** Of the forms that a value may have, the one counts that it came nearest to: whose problem lies deepest, then with the fewest. */
function flatten(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): readonly Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such key' }));
  }
  if (issue.code !== 'invalid_union') return [{ path, message: lowerFirst(issue.message) }];
  const forms = issue.errors.map((errors) => errors.flatMap((one) => flatten(one, path)));
  const depth = (problems: readonly Problem[]) => Math.max(0, ...problems.map((one) => one.path.length));
  const deepest = Math.max(0, ...forms.map(depth));
  if (deepest > path.length) {
    const near = forms.filter((one) => depth(one) === deepest);
    return near.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  return [{ path, message: [...new Set(forms.flat().map(({ message }) => message))].join(', or ') }];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `plugins.bridge.grants[1]` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
