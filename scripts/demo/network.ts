/** The network of the demo, as an operator would write it. */
export const network = {
  cniVersion: '1.1.0',
  name: 'demo',
  type: 'bridge',
  bridge: 'cni-demo',
  isDefaultGateway: true,
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]] },
} as const;

export const gateway = '10.88.0.1';
export const loopback = { cniVersion: '1.1.0', name: 'lo', type: 'loopback' } as const;

export interface Container {
  readonly id: string;
  readonly namespace: string;
}

/** What a CNI executable finds in its environment, and nothing else. */
export function environment(
  verb: string,
  { id, namespace }: Container,
  interfaceName: string,
  path: string,
): Record<string, string> {
  return { CNI_COMMAND: verb, CNI_CONTAINERID: id, CNI_NETNS: namespace, CNI_IFNAME: interfaceName, CNI_PATH: path };
}

/** The container's address in a result, without its length. */
export function addressIn(result: string): string {
  const { ips } = JSON.parse(result) as { ips: readonly { readonly address: string }[] };
  return ips[0]?.address.split('/')[0] ?? '';
}
