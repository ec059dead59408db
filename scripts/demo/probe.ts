import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';

// Exits with 0 where a veth and a bridge can be made and a setting written in this network namespace.
try {
  const kernel = openLinuxKernel();
  const peer = { kind: 'veth', peerName: 'probe1', peerNamespace: kernel.host } as const;
  kernel.host.createLink({ name: 'probe0', plan: peer });
  kernel.host.createLink({ name: 'probe2', plan: { kind: 'bridge' } });
  kernel.host.writeSysctl('ipv4/ip_forward', '1');
  kernel.close();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
