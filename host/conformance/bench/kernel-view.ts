import { searchPath } from './namespaces.ts';
import { execute } from './process.ts';

/** An address of a link, as `ip -j address` shows it. */
export interface AddressView {
  readonly family: 'inet' | 'inet6';
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly tentative?: boolean;
}

/** A link, as `ip -j -d address` shows it. */
export interface LinkView {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly operstate: string;
  readonly master?: string;
  readonly promiscuity: number;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: Readonly<Record<string, unknown>>;
    readonly info_slave_data?: Readonly<Record<string, unknown>>;
  };
  readonly addr_info: readonly AddressView[];
}

/** A route, as `ip -j route` shows it. */
export interface RouteView {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
  readonly metric?: number;
}

/** What a network namespace has, as iproute2 and nftables tell: nothing here knows the code that is checked. */
export class KernelView {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async links(): Promise<readonly LinkView[]> {
    return (await this.#json('ip', '-j', '-d', 'address', 'show')) as LinkView[];
  }

  async link(name: string): Promise<LinkView | undefined> {
    return (await this.links()).find(({ ifname }) => ifname === name);
  }

  /** Of all tables. `default` for both families. */
  async routes(): Promise<readonly RouteView[]> {
    const families = ['-4', '-6'].map((family) => this.#json('ip', family, '-j', 'route', 'show', 'table', 'all'));
    return (await Promise.all(families)).flat() as RouteView[];
  }

  /** All rules and chains, as text; undefined where there is no nft. */
  async ruleset(): Promise<string | undefined> {
    const { status, stdout } = await this.run('nft', 'list', 'ruleset');
    return status === 0 ? stdout : undefined;
  }

  /** Links, addresses, routes and rules, a line each, in an order that does not depend on time. */
  async lines(): Promise<readonly string[]> {
    const [links, routes, ruleset] = await Promise.all([this.links(), this.routes(), this.ruleset()]);
    return [
      ...links.map(
        ({ ifname, address, mtu, master, flags }) =>
          `link ${ifname} ${flags.includes('UP') ? 'up' : 'down'} mtu ${mtu} ${address} ${master ?? ''}`,
      ),
      ...links.flatMap(({ ifname, addr_info }) =>
        addr_info.map(({ local, prefixlen }) => `address ${ifname} ${local}/${prefixlen}`),
      ),
      ...routes.map(({ dst, gateway, dev, table }) => `route ${dst} via ${gateway} dev ${dev} table ${table}`),
      ...(ruleset ?? '').split('\n').filter((line) => line !== ''),
    ].sort();
  }

  /** Runs a program there. */
  run(file: string, ...args: readonly string[]) {
    return execute('nsenter', [`--net=${this.#path}`, file, ...args], { env: { PATH: searchPath }, limit: 20_000 });
  }

  /** Changes something, behind the plugin's back. */
  async change(command: string): Promise<void> {
    const { status, stderr } = await this.run('sh', '-ec', command);
    if (status !== 0) throw new Error(`${command}: ${stderr.trim()}`);
  }

  async #json(file: string, ...args: readonly string[]): Promise<readonly object[]> {
    const { status, stdout, stderr } = await this.run(file, ...args);
    if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr.trim()}`);
    return stdout.trim() === '' ? [] : (JSON.parse(stdout) as object[]);
  }
}

/** What is in one list and not in the other: `+ line`, `- line`. */
export function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
  ];
}
