import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../host/cli/engines.ts';
import { install } from '../../host/cli/install/install.ts';
import { type Layout, layoutOf } from '../../host/cli/layout.ts';
import { projectVersion } from '../../host/cli/project.ts';
import type { Namespaces } from '../machine/namespaces.ts';
import { compilePrograms } from '../machine/programs.ts';
import { run, runIn } from '../machine/shell.ts';
import { bridgeName, gateway } from '../network.ts';
import type { Contestant, ContestantName } from './contestant.ts';
import { startDaemon } from './daemon.ts';

/** Where contestants are made: below a directory that goes away with all that is in it. */
export interface Ground {
  readonly directory: string;
  readonly namespaces: Namespaces;
  /** Of the Go plugins. */
  readonly reference: string;
}

/** All that are compared, ready to answer. */
export async function assemble(ground: Ground): Promise<Contestant[]> {
  const { floor, nothing } = compilePrograms(ground.directory);
  return [
    { ...nodeOf('nothing', ground), isPlugin: false, binaries: nothing },
    { ...withBridge(nodeOf('floor', ground)), isPlugin: false, binaries: floor },
    // It executes iptables.
    { ...nodeOf('go', ground), binaries: ground.reference, environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
    oneShot(ground),
    await served('daemon v8', 'v8', ground),
    await served('daemon wasmtime', 'wasmtime', ground),
  ];
}

function nodeOf(name: ContestantName, { directory, namespaces }: Ground) {
  const own = name.replaceAll(' ', '-');
  return {
    ...{ name, isPlugin: true, environment: {} },
    ...{ node: namespaces.node(own), leases: join(directory, `${own}-leases`) },
  };
}

/** As the plugins leave it: with an address, and a hardware address that ports do not change. */
function withBridge<Contender extends { readonly node: string }>(contender: Contender): Contender {
  const commands = [
    `link add ${bridgeName} address 02:00:00:00:00:01 up type bridge`,
    `address add ${gateway}/16 broadcast + dev ${bridgeName}`,
  ];
  runIn(contender.node, 'ip', ['-batch', '-'], commands.join('\n'));
  return contender;
}

/** As a release that was built without cargo. */
function oneShot(ground: Ground): Contestant {
  const { binaries, layout } = installed('one-shot', ground);
  rmSync(layout.wasmtime, { force: true });
  return { ...nodeOf('one-shot v8', ground), binaries };
}

async function served(name: ContestantName, engine: EngineName, ground: Ground): Promise<Contestant> {
  const { binaries, layout } = installed(engine, ground);
  const contestant = nodeOf(name, ground);
  return { ...contestant, binaries, daemon: await startDaemon(layout, engine, contestant.node) };
}

/** A release below a root of its own; what calls leave in /run is in memory, as on a node. */
function installed(name: string, { directory }: Ground): { readonly binaries: string; readonly layout: Layout } {
  const root = join(directory, name);
  mkdirSync(join(root, 'run'), { recursive: true });
  run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', join(root, 'run')]);
  const binaries = join(root, 'opt/cni/bin');
  install({ binDirectory: binaries, root });
  return { binaries, layout: layoutOf(root, projectVersion()) };
}
