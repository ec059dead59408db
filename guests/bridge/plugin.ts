// Connects a container to a Linux bridge of the host: a virtual switch. A pair of virtual Ethernet devices is the cable, one end in
// the container, the other a port of the bridge. With an IPAM plugin the container gets addresses, and the bridge may be its gateway.

import { Configuration } from 'bulkhead-sdk/configuration';
import { ensure, expect, orFail, orPassOn } from 'bulkhead-sdk/failure';
import { configureInterface } from 'bulkhead-sdk/interface-addresses';
import { toUp } from 'bulkhead-sdk/link-changes';
import { LinkSetup } from 'bulkhead-sdk/link-setup';
import { findLink } from 'bulkhead-sdk/links';
import { MacAddress } from 'bulkhead-sdk/mac';
import { hostInterface, OutcomeBuilder, sandboxInterface } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Outcome } from 'wit/cni/types';
import * as delegate from 'wit/ipam/delegate';
import * as host from 'wit/net/host';
import { change, remove } from 'wit/net/link-control';
import { Link } from 'wit/net/links';
import * as macGuard from 'wit/net/mac-guard';
import { disable as stopMasquerading } from 'wit/net/masquerade';
import { Netns } from 'wit/net/namespaces';
import * as sandbox from 'wit/net/sandbox';
import { FaultCode } from 'wit/net/types';
import { ensureBridge } from './bridge-link';
import { checkAttachment } from './check';
import { configuredDns } from './dns';
import { checkMasqueradeSupport, masquerade } from './masquerade';
import { serveAsGateway } from './gateway-address';
import { gatewayAddresses, nameGateways } from './gateways';
import { connectPort, createPair, Port, waitForPort } from './port';
import { hasAddresses, Settings, wantedMac } from './settings';
import { ensureVlanInterface } from './vlan-gateway';

class Bridge extends Plugin {
  add(call: Call): Outcome {
    const settings = Settings.forAdd(call);
    const mac = wantedMac(call);
    const hostNs = host.open();
    const containerNs = openSandbox();

    const bridge = ensureBridge(hostNs, settings);
    const pair = createPair(containerNs, hostNs, call.interfaceName, settings.mtu, mac);
    const container = pair.container;
    const port = pair.port;
    connectPort(hostNs, port, bridge, settings);

    const outcome = new OutcomeBuilder(call.previous);
    outcome.addInterface(hostInterface(bridge.name));
    outcome.addInterface(hostInterface(port.name));
    const position = outcome.addInterface(sandboxInterface(container.name, containerNs.path()));
    if (settings.guardsMac) guardMac(port, container);

    if (settings.hasAddresses) {
      const assignment = assignAddresses(containerNs, container, settings);
      if (settings.isGateway) {
        const isPlain = settings.vlans.own === 0;
        const gateway = isPlain ? bridge : ensureVlanInterface(hostNs, bridge, settings);
        const attempt = isPlain ? 'failed to set bridge addr' : 'failed to set vlan interface for bridge with addr';
        serveAsGateway(hostNs, gateway, gatewayAddresses(assignment), settings.forceAddress, attempt);
        if (gateway.index !== bridge.index) outcome.addInterface(hostInterface(gateway.name));
      }
      if (settings.masquerade) masquerade(assignment, settings);
      outcome.addAddresses(assignment.addresses, position);
      outcome.addRoutes(assignment.routes);
      outcome.setDns(assignment.dns);
    } else if (!settings.disableContainerInterface) {
      orFail(change(containerNs, container.index, toUp()), `failed to set "${container.name}" up`);
    }
    if (!settings.disableContainerInterface) waitForPort(hostNs, port);

    outcome.setDns(configuredDns(call.config));
    return outcome.build();
  }

  /** The container's end goes, and the other with it. The bridge stays for the other containers. */
  del(call: Call): void {
    const containerNs = sandbox.open();
    if (containerNs !== null) removeInterface(containerNs, call.interfaceName);
    if (hasAddresses(call.config)) orPassOn(delegate.del());
    if (call.config.flag('macspoofchk')) orFail(macGuard.disable(), 'failed to teardown spoof-check');
    if (call.config.flag('ipMasq')) orFail(stopMasquerading(), 'failed to stop masquerading');
  }

  check(call: Call): void {
    const settings = new Settings(call.config);
    if (settings.hasAddresses) orPassOn(delegate.check());
    checkAttachment(call, settings);
  }

  status(config: Configuration): void {
    if (hasAddresses(config)) orPassOn(delegate.status());
    if (config.flag('ipMasq')) checkMasqueradeSupport(new Settings(config));
  }
}

function guardMac(port: Port, container: Link): void {
  const mac = expect<MacAddress>(container.mac, `"${container.name}" has no hardware address`);
  orFail(macGuard.enable(port.index, mac), 'failed to setup spoof-check');
}

/** Gets addresses from the IPAM plugin, and gives them to the container's interface, which is up from then on. */
function assignAddresses(ns: Netns, container: Link, settings: Settings): delegate.Assignment {
  const assignment = orPassOn(delegate.add());
  ensure(assignment.addresses.length > 0, 'IPAM plugin returned missing IP config');
  nameGateways(assignment, settings);
  const setup = new LinkSetup(ns, container.index);
  // Nobody else has the addresses, so there is no waiting for others to object, unless the network wants that; and when the link comes up,
  // it says whose they are.
  if (settings.enableDad) setup.trySetting(`ipv6/conf/${container.name}/enhanced_dad`, '1');
  setup.trySetting(`ipv6/conf/${container.name}/accept_dad`, settings.enableDad ? '1' : '0');
  setup.trySetting(`ipv4/conf/${container.name}/arp_notify`, '1');
  configureInterface(ns, container, assignment, setup);
  return assignment;
}

function removeInterface(ns: Netns, name: string): void {
  const link = findLink(ns, name);
  if (link === null) return;
  const removed = remove(ns, link.index);
  if (removed.failed && removed.error.code === FaultCode.NotFound) return;
  orFail(removed, `failed to delete "${name}"`);
}

export function plugin(): Plugin {
  return new Bridge();
}
