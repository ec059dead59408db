import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../../host/cli/install/install.ts';
import { layoutOf } from '../../host/cli/layout.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { ThreadNamespace } from '../../host/kernel/linux/thread-namespace.ts';
import { ip } from '../../host/net/ip.ts';
import { echo } from './echo.ts';
import { explainPlugins } from './explain.ts';
import { addressIn, type Container, environment, gateway, loopback, network } from './network.ts';
import { bad, document, faint, good, line, title, verdict } from './paper.ts';
import { showRefusals } from './refusals.ts';

/**
 * The demo on the kernel of this machine. Runs in namespaces of its own, which go when it ends, so that the machine's
 * network is not touched: scripts/demo.ts sees to that.
 */
export async function runOnMachine(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-demo-'));
  const mounted: string[] = [];
  try {
    await demonstrate(directory, mounted);
  } finally {
    for (const path of mounted) spawnSync('umount', ['--lazy', path]);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function demonstrate(directory: string, mounted: string[]): Promise<void> {
  const binaries = join(directory, 'opt/cni/bin');
  const leases = join(directory, 'leases');
  title('Installing');
  const { types, version } = install({ binDirectory: binaries, root: directory });
  good(`${types.join(', ')} in ${binaries}`);
  explainPlugins();

  const containers = ['blue', 'green'].map((id): Container => {
    const namespace = join(directory, id);
    writeFileSync(namespace, '');
    execFileSync('unshare', [`--net=${namespace}`, 'true']);
    mounted.push(namespace);
    return { id, namespace };
  });
  const configuration = { ...network, ipam: { ...network.ipam, dataDir: leases } };
  const call = (verb: string, container: Container, interfaceName: string, config: { type: string }) =>
    execute(join(binaries, config.type), environment(verb, container, interfaceName, binaries), config);

  title('Attaching two containers, as a runtime does: the executable, CNI_* in the environment, JSON on stdin');
  const addresses = containers.map((container) => {
    expectSuccess(`loopback ADD ${container.id}`, call('ADD', container, 'lo', loopback));
    const added = call('ADD', container, 'eth0', configuration);
    expectSuccess(`bridge ADD ${container.id}`, added);
    document(added.stdout);
    return added.status === 0 ? addressIn(added.stdout) : '';
  });

  title('Reaching each other, and the gateway: ICMP echoes over the network');
  using thread = disposable(new ThreadNamespace());
  const [blue, green] = containers as [Container, Container];
  const [blueAddress = '', greenAddress = ''] = addresses;
  for (const [from, to, name] of [
    [blue, greenAddress, 'green'],
    [green, blueAddress, 'blue'],
    [blue, gateway, 'the gateway'],
    [green, gateway, 'the gateway'],
  ] as const) {
    const milliseconds = to === '' ? undefined : echo(thread, from.namespace, ip(to));
    verdict(
      milliseconds !== undefined,
      `${from.id} → ${name} (${to})  ${faint(milliseconds === undefined ? 'no answer' : `${milliseconds.toFixed(2)} ms`)}`,
    );
  }

  title('What cannot happen');
  const own = { id: 'evil', namespace: `/proc/${process.pid}/ns/net` };
  const refused = call('DEL', own, 'lo', loopback);
  const { code, msg } = JSON.parse(refused.stdout || '{}') as { code?: number; msg?: string };
  verdict(
    code === 8,
    `a DEL of the host’s own network is refused before anything is done: ${faint(`${code}: ${msg}`)}`,
  );

  await showRefusals(layoutOf(directory, version), () => {
    const { status, stdout } = call('ADD', blue, 'eth1', configuration);
    const { msg: message = '' } = JSON.parse(stdout || '{}') as { msg?: string };
    return { refused: status !== 0, message };
  });

  title('Detaching');
  expectSuccess('bridge DEL blue, its second interface', call('DEL', blue, 'eth1', configuration));
  for (const container of containers) {
    expectSuccess(`bridge DEL ${container.id}`, call('DEL', container, 'eth0', configuration));
    expectSuccess(`bridge DEL ${container.id}, again`, call('DEL', container, 'eth0', configuration));
    expectSuccess(`loopback DEL ${container.id}`, call('DEL', container, 'lo', loopback));
  }
  showWhatIsLeft(directory, join(leases, network.name));
}

function showWhatIsLeft(directory: string, leases: string): void {
  title('What is left');
  const kernel = openLinuxKernel();
  const links = kernel.host.links().map((one) => one.name);
  const bridge = kernel.host.linkByName(network.bridge);
  verdict(
    links.every((name) => name === 'lo' || name === network.bridge),
    `links of containers: none ${faint(`(${links.join(', ')})`)}`,
  );
  const leased = existsSync(leases) ? readdirSync(leases).filter((name) => /^\d+\./.test(name)) : [];
  verdict(leased.length === 0, `leases: ${leased.length === 0 ? 'none' : leased.join(', ')}`);
  const records = join(directory, 'run/bulkhead/attachments');
  const left = existsSync(records) ? readdirSync(records) : [];
  verdict(left.length === 0, `records: ${left.length === 0 ? 'none' : left.join(', ')}`);
  good('rules: none, since this network does not masquerade');
  line(faint('The bridge itself stays for the next container, as with the reference plugins; the demo takes it away.'));
  if (bridge !== undefined) kernel.host.removeLink(bridge.index);
  kernel.close();
}

interface Executed {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

function execute(file: string, env: Record<string, string>, configuration: object): Executed {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(file, [], {
    env,
    input: JSON.stringify(configuration),
    encoding: 'utf8',
  });
  return { status, stdout, stderr, milliseconds: performance.now() - started };
}

function expectSuccess(what: string, { status, stdout, stderr, milliseconds }: Executed): void {
  if (status === 0) good(`${what}  ${faint(`${milliseconds.toFixed(0)} ms`)}`);
  else bad(`${what}: ${stdout}${stderr}`);
}

function disposable(thread: ThreadNamespace): ThreadNamespace & Disposable {
  return Object.assign(thread, { [Symbol.dispose]: () => thread.close() });
}
