import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Machine, missing } from './installation.ts';

const lacking = (...programs: readonly string[]): string | undefined =>
  missing ?? programs.find((one) => spawnSync('which', [one]).status !== 0);

/** What both runtimes need: an OCI runtime, and programs for the containers. */
const common = ['crun', 'busybox', 'unshare', 'iptables'];
const lackingPodman = lacking('podman', ...common);
const lackingContainerd = lacking('containerd', 'ctr', ...common);

/** A machine with a network list for runtimes, and the files of a container. */
class RuntimeMachine extends Machine {
  readonly rootfs = join(this.directory, 'rootfs');
  readonly networks = join(this.directory, 'net.d');

  constructor() {
    super();
    for (const path of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp'])
      mkdirSync(join(this.rootfs, path), { recursive: true });
    const { stdout } = spawnSync('which', ['busybox'], { encoding: 'utf8' });
    copyFileSync(stdout.trim(), join(this.rootfs, 'bin/busybox'));
    for (const applet of ['sh', 'ip', 'ping', 'sleep']) symlinkSync('busybox', join(this.rootfs, 'bin', applet));
    mkdirSync(this.networks);
    const bridge = {
      ...{ type: 'bridge', bridge: 'pods0', isGateway: true, ipMasq: true, hairpinMode: true },
      ipam: {
        ...{ type: 'host-local', dataDir: this.leases, ranges: [[{ subnet: '10.89.5.0/24' }]] },
        routes: [{ dst: '0.0.0.0/0' }],
      },
    };
    const list = { cniVersion: '1.0.0', name: 'pods', plugins: [bridge] };
    writeFileSync(join(this.networks, '10-pods.conflist'), JSON.stringify(list));
  }

  /** Runs a script where /run, /etc/cni, /opt, processes and the network are its own. Whatever it starts ends with it. */
  script(text: string): string {
    const whole = `set -eu
      mount -t tmpfs none /run
      mount -t sysfs none /sys
      mount -t cgroup2 none /sys/fs/cgroup || mount -t tmpfs none /sys/fs/cgroup
      mount -t tmpfs none /opt
      mkdir -p /opt/cni/bin
      mount --bind ${this.binaries} /opt/cni/bin
      ip link set lo up
      cd ${this.directory}
      ${text}`;
    const world = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const { status, stdout, stderr } = spawnSync('unshare', [...world, 'sh', '-c', whole], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    return stdout;
  }

  /** What is to be seen after the last container: no lease, no record, no rule, no link but the bridge. */
  readonly leftovers = `
      echo "rules: $(iptables-save -t nat | grep -c CNI- || true)"
      echo "links: $(ip -o link | grep -c veth || true)"`;
}

/** Two containers ping each other and the gateway; each has a masquerade rule as long as it lives. */
function expectTalk(output: string): void {
  expect(output.match(/1 packets received/g)).toHaveLength(3);
  expect(output).toContain('masquerading: 2');
  expect(output.split('REMOVED\n')[1]).toBe('rules: 0\nlinks: 0\n');
}

describe('containers of a runtime reach each other, and leave nothing', () => {
  test.skipIf(lackingPodman)(
    `podman, network backend cni${lackingPodman ? ` (no ${lackingPodman})` : ''}`,
    () => {
      using machine = new RuntimeMachine();
      const before = machine.records();
      writeFileSync(
        join(machine.directory, 'containers.conf'),
        `[network]
network_backend = "cni"
cni_plugin_dirs = ["${machine.binaries}"]
network_config_dir = "${machine.networks}"
[engine]
cgroup_manager = "cgroupfs"
runtime = "crun"
events_logger = "file"
`,
      );
      const storage = join(machine.directory, 'storage.conf');
      writeFileSync(storage, '[storage]\ndriver = "vfs"\ngraphroot = "/run/storage"\nrunroot = "/run/storage-run"\n');
      const flags =
        '--cgroups=disabled --security-opt seccomp=unconfined --ulimit nofile=1024:1024 --ulimit nproc=1024:1024';
      const output = machine.script(`
      export CONTAINERS_CONF=${machine.directory}/containers.conf CONTAINERS_STORAGE_CONF=${storage}
      tar -C rootfs -c . | podman import - localhost/busybox:1 >/dev/null
      podman info --format 'backend: {{.Host.NetworkBackend}}'
      for name in a b; do podman run -d --name $name --network pods ${flags} localhost/busybox:1 /bin/sleep 100 >/dev/null; done
      address() { podman inspect $1 --format '{{.NetworkSettings.Networks.pods.IPAddress}}'; }
      podman exec a /bin/ping -c 1 -W 5 $(address b)
      podman exec b /bin/ping -c 1 -W 5 $(address a)
      podman exec b /bin/ping -c 1 -W 5 10.89.5.1
      echo "masquerading: $(iptables -t nat -S POSTROUTING | grep -c 'name: .*pods')"
      podman rm -f -t 0 a b >/dev/null
      echo REMOVED ${machine.leftovers}`);
      expect(output).toContain('backend: cni');
      expectTalk(output);
      expect(machine.leased('pods')).toEqual([]);
      expect(machine.records()).toEqual(before);
    },
    150_000,
  );

  test.skipIf(lackingContainerd)(
    `ctr run --cni${lackingContainerd ? ` (no ${lackingContainerd})` : ''}`,
    () => {
      using machine = new RuntimeMachine();
      const before = machine.records();
      writeFileSync(
        join(machine.directory, 'config.toml'),
        `version = 2
root = "/run/containerd/root"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "/run/containerd.sock"
`,
      );
      writeFileSync(join(machine.directory, 'crun'), '#!/bin/sh\nexec crun --cgroup-manager=disabled "$@"\n', {
        mode: 0o755,
      });
      const output = machine.script(`
      mount -t tmpfs none /etc/cni
      mkdir /etc/cni/net.d
      cp net.d/10-pods.conflist /etc/cni/net.d/
      containerd -c config.toml >containerd.log 2>&1 &
      for i in $(seq 40); do ctr -a /run/containerd.sock version >/dev/null 2>&1 && break; sleep 0.25; done
      ctr() { timeout 30 /usr/bin/env ctr -a /run/containerd.sock "$@"; }
      # Attached, since ctr calls DEL only then: at the end, when the namespace, /proc/PID/ns/net, is gone.
      for name in a b; do
        timeout 100 ctr -a /run/containerd.sock run --rm --cni --rootfs --runc-binary ${machine.directory}/crun ${machine.rootfs} $name /bin/sleep 90 &
        for i in $(seq 60); do [ "$(iptables -t nat -S POSTROUTING 2>/dev/null | grep -c default-$name)" = 1 ] && break; sleep 0.25; done
      done
      do_in() { container=$1; shift; ctr task exec --exec-id x$$-$(date +%N) $container "$@"; }
      address() { do_in $1 /bin/ip -4 -o addr show eth0 | sed 's/.*inet //; s#/.*##'; }
      do_in a /bin/ping -c 1 -W 5 $(address b)
      do_in b /bin/ping -c 1 -W 5 $(address a)
      do_in b /bin/ping -c 1 -W 5 10.89.5.1
      echo "masquerading: $(iptables -t nat -S POSTROUTING | grep -c 'name: .*pods')"
      for name in a b; do ctr task kill -s 9 $name; done
      for i in $(seq 80); do [ "$(ls ${machine.leases}/pods | grep -c '^10')" = 0 ] && break; sleep 0.25; done
      sleep 0.5
      echo REMOVED ${machine.leftovers}`);
      expectTalk(output);
      expect(machine.leased('pods')).toEqual([]);
      expect(machine.records()).toEqual(before);
    },
    150_000,
  );
});
