import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LinkModel, NamespaceModel } from '../../host/kernel/memory/model.ts';

/** A fact about a namespace or a file, and the link that it is about. */
export interface Fact {
  readonly link: string;
  readonly text: string;
}

/** Facts of a place, whose order says nothing. */
export type Dump = readonly Fact[];

/** What `ip -details` prints that changes by itself. */
const restless =
  /timer|^(valid|preferred)_life_time$|^expires$|^used$|^age$|topology_change|^stats|designated_(cost|port)/;

/** What a shell prints for a namespace: links, addresses, routes and rules as JSON, a value a line, and settings. */
const script = [
  "printf 'link\\naddr\\nroute show table all\\nrule\\n' | ip -j -d -batch -",
  "printf 'route show table all\\nrule\\n' | ip -6 -j -d -batch -",
  'grep -rs "" /proc/sys/net/ipv4 /proc/sys/net/ipv6 /proc/sys/net/core',
].join('; echo ----; ');

/**
 * All of network namespaces of the real kernel, by nothing of ours: ip(8), and files below /proc/sys read by grep, in processes that
 * nsenter(1) puts there, all at once.
 */
export function dumpLinuxNamespaces(paths: readonly string[]): Dump[] {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-fuzz-dump-'));
  try {
    const jobs = paths.map(
      (path, i) => `nsenter --net=${path} sh -c '${script.replaceAll("'", `'\\''`)}' > ${directory}/${i} &`,
    );
    execFileSync('sh', ['-c', `${jobs.join('\n')}\nwait`], { stdio: ['ignore', 'ignore', 'pipe'] });
    return paths.map((_, i) => readDump(readFileSync(join(directory, String(i)), 'utf8')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readDump(output: string): Dump {
  const [first = '', second = '', sysctls = ''] = output.split('----\n');
  const [links, addresses, routes4, rules4] = documents(first);
  const [routes6, rules6] = documents(second);
  if (links === undefined || links.length === 0) throw new TypeError(`ip(8) says nothing: ${output.slice(0, 200)}`);
  return [
    ...links.map((one) => fact('link', one.ifname, one)),
    ...(addresses ?? []).flatMap((one) =>
      (one.addr_info as Entry[]).map((address) => fact('address', one.ifname, withoutTentative(address))),
    ),
    ...[...(routes4 ?? []), ...(routes6 ?? [])].map((one) => fact('route', one.dev, one)),
    ...[...(rules4 ?? []), ...(rules6 ?? [])].map((one) => fact('rule', '', one)),
    ...sysctls.split('\n').map((line) => ({ link: linkOfSetting(line), text: `sysctl ${line}` })),
  ];
}

type Entry = Readonly<Record<string, unknown>>;

function documents(text: string): Entry[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('['));
  return lines.map((line) => JSON.parse(line) as Entry[]);
}

/** It goes by itself, after a second or two. */
function withoutTentative({ tentative: _, ...address }: Entry): Entry {
  return address;
}

function fact(kind: string, link: unknown, entry: Entry): Fact {
  const text = JSON.stringify(entry, (key, value: unknown) => (restless.test(key) ? undefined : value));
  return { link: typeof link === 'string' ? link : '', text: `${kind} ${text}` };
}

function linkOfSetting(line: string): string {
  const [, name = ''] = /^\/proc\/sys\/net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(line) ?? [];
  return name === 'all' || name === 'default' ? '' : name;
}

/** All of a namespace of the model, as it stands in memory. */
export function dumpMemoryNamespace(model: NamespaceModel): Dump {
  const { links, routes, ipv4, ipv6, sysctls } = model;
  return [
    ...[...links.values()].flatMap(dumpLink),
    ...routes.map((route) => ({ link: route.link?.name ?? '', text: `route ${plain(route)}` })),
    ...[...sysctls].map(([key, value]) => ({ link: '', text: `sysctl ${key} ${value}` })),
    ...dumpSettings('ipv4', 'all', '', ipv4.all),
    ...dumpSettings('ipv4', 'default', '', ipv4.default),
    ...dumpSettings('ipv6', 'all', '', ipv6.all),
    ...dumpSettings('ipv6', 'default', '', ipv6.default),
  ];
}

function dumpLink({ namespace: _, addresses, ipv4, ipv6, ...link }: LinkModel): Dump {
  const { name } = link;
  return [
    { link: name, text: `link ${plain(link)}` },
    ...addresses.map((one) => ({ link: name, text: `address ${name} ${plain(one)}` })),
    ...dumpSettings('ipv4', name, name, ipv4),
    ...dumpSettings('ipv6', name, name, ipv6),
  ];
}

function dumpSettings(family: string, of: string, link: string, settings: LinkModel['ipv6']): Dump {
  if (settings === undefined) return [];
  const { values, ...rest } = settings;
  const lines = [...values].map(([key, value]) => `${key} ${value}`);
  return [...lines, plain(rest)].map((line) => ({ link, text: `sysctl ${family} ${of} ${line}` }));
}

/** Links within become their names. */
function plain(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (key === 'namespace' || key === 'world' || key === 'macChosen' || key === 'mtuChosen') return undefined;
    if ((key === 'peer' || key === 'controller' || key === 'link') && typeof item === 'object' && item !== null) {
      const { name, index } = item as LinkModel;
      return `${name} ${index}`;
    }
    if (item instanceof Map) return [...item];
    return typeof item === 'bigint' ? item.toString() : item;
  });
}

/** Each file below a directory, with what is in it. */
export function dumpFiles(directory: string): Dump {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return dumpFiles(join(directory, entry.name));
    const text = readFileSync(join(directory, entry.name), 'utf8');
    return [{ link: entry.name, text: `file ${entry.name} ${text}` }];
  });
}

/** What is in one dump and not in the other, each line with the sign of its side. */
export function difference(before: Dump, after: Dump): string[] {
  const counts = new Map<string, number>();
  for (const { text } of before) counts.set(text, (counts.get(text) ?? 0) - 1);
  for (const { text } of after) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].flatMap(([text, count]) => (count === 0 ? [] : [`${count > 0 ? '+' : '-'} ${text}`]));
}
