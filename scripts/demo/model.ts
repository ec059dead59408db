import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Answer, answer } from '../../host/calls/answer.ts';
import { layoutOf } from '../../host/cli/layout.ts';
import { openNode, openTrust } from '../../host/cli/node.ts';
import { built } from '../../host/cli/project.ts';
import { V8Engine } from '../../host/engine/v8/engine.ts';
import { TranspiledStore } from '../../host/engine/v8/store.ts';
import { createMemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { ip } from '../../host/net/ip.ts';
import { defaultPolicyFile } from '../../host/policy/read.ts';
import { openToAll } from '../../host/trust/seal.ts';
import { explainPlugins } from './explain.ts';
import { addressIn, type Container, environment, gateway, loopback, network } from './network.ts';
import { bad, document, faint, good, title, verdict } from './paper.ts';
import { showRefusals } from './refusals.ts';

/** The demo on the kernel in memory: the same plugins and the same host, in one process. That a container reaches another is the model's word. */
export async function runOnModel(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-demo-'));
  try {
    await demonstrate(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function demonstrate(directory: string): Promise<void> {
  explainPlugins();
  const kernel = createMemoryKernel();
  const layout = layoutOf(directory, 'demo');
  mkdirSync(dirname(layout.policy), { recursive: true });
  copyFileSync(defaultPolicyFile, layout.policy);
  cpSync(built.plugins, layout.plugins, { recursive: true });
  const engine = new V8Engine(new TranspiledStore(built.transpiled, openToAll));
  const open = async () => ({
    ...openNode(layout, kernel, await openTrust(layout), (level, text) => console.error(`${level}: ${text}`)),
    engine,
  });
  const node = await open();
  const containers = ['blue', 'green'].map((id): Container => ({ id, namespace: `/run/netns/${id}` }));
  for (const { namespace } of containers) kernel.addNamespace(namespace);
  const configuration = { ...network, ipam: { ...network.ipam, dataDir: join(directory, 'leases') } };
  const call = (verb: string, container: Container, interfaceName: string, config: { type: string }, by = node) => {
    const stdin = new TextEncoder().encode(JSON.stringify(config));
    return answer(
      {
        type: config.type,
        environment: environment(verb, container, interfaceName, '/opt/cni/bin'),
        readStdin: () => stdin,
      },
      () => by,
    );
  };

  title('Attaching two containers');
  const addresses = containers.map((container) => {
    expectSuccess(`loopback ADD ${container.id}`, call('ADD', container, 'lo', loopback));
    const added = call('ADD', container, 'eth0', configuration);
    expectSuccess(`bridge ADD ${container.id}`, added);
    document(added.stdout);
    return added.exitCode === 0 ? addressIn(added.stdout) : '';
  });

  title('Reaching each other, and the gateway: the model’s own answer');
  for (const [from, to, name] of [
    [0, addresses[1] ?? '', 'green'],
    [1, addresses[0] ?? '', 'blue'],
    [0, gateway, 'the gateway'],
  ] as const) {
    const container = containers[from] as Container;
    const heard = to === '' ? undefined : kernel.echo(kernel.openNamespace(container.namespace), ip(to));
    verdict(
      heard?.kind === 'answered',
      `${container.id} → ${name} (${to})  ${faint(heard === undefined ? 'not attached' : heard.kind)}`,
    );
  }

  await showRefusals(layout, async () => {
    const { exitCode, stdout } = call('ADD', containers[0] as Container, 'eth1', configuration, await open());
    const { msg: message = '' } = JSON.parse(stdout || '{}') as { msg?: string };
    return { refused: exitCode !== 0, message };
  });

  title('Detaching');
  expectSuccess(
    'bridge DEL blue, its second interface',
    call('DEL', containers[0] as Container, 'eth1', configuration),
  );
  for (const container of containers) {
    expectSuccess(`bridge DEL ${container.id}`, call('DEL', container, 'eth0', configuration));
    expectSuccess(`loopback DEL ${container.id}`, call('DEL', container, 'lo', loopback));
  }
  const links = kernel.host.links().map((one) => one.name);
  verdict(
    links.every((name) => name === 'lo' || name === network.bridge),
    `links of containers: none ${faint(`(${links.join(', ')})`)}`,
  );
  verdict(node.records.all().length === 0, 'records: none');
}

function expectSuccess(what: string, { exitCode, stdout }: Answer): void {
  if (exitCode === 0) good(what);
  else bad(`${what}: ${stdout}`);
}
