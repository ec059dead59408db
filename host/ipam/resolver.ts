import type { Dns } from '../cni/outcome.ts';

/**
 * Reads resolv.conf(5) as the reference host-local does: the first word after `nameserver`, the last `domain`, all of
 * `search` and `options`; comments only at the start of a line.
 */
export function parseResolver(text: string): Dns {
  const nameservers: string[] = [];
  const search: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  for (const line of text.split('\n')) {
    const [keyword, first, ...rest] = line.trim().split(/\s+/);
    if (keyword === undefined || first === undefined || /^[#;]/.test(line.trim())) continue;
    if (keyword === 'nameserver') nameservers.push(first);
    else if (keyword === 'domain') domain = first;
    else if (keyword === 'search') search.push(first, ...rest);
    else if (keyword === 'options') options.push(first, ...rest);
  }
  return { nameservers, domain, search, options };
}
