import { Configuration } from 'bulkhead-sdk/configuration';
import { expect, fail } from 'bulkhead-sdk/failure';
import { MacAddress, parseMac } from 'bulkhead-sdk/mac';
import { Call } from 'bulkhead-sdk/plugin';
import { Backend } from 'wit/net/masquerade';
import { Vlans } from './vlans';

/** What the network configuration asks of the bridge plugin. */
export class Settings {
  readonly bridge: string;
  /** 0 leaves it to the kernel. */
  readonly mtu: u32;
  readonly isGateway: bool;
  readonly isDefaultGateway: bool;
  readonly forceAddress: bool;
  hairpinMode: bool;
  readonly promiscMode: bool;
  readonly vlans: Vlans;
  /** Containers reach the world with the host's address. */
  readonly masquerade: bool;
  readonly masqueradeBackend: Backend;
  /** Frames from the container with another hardware address than its own go nowhere. */
  readonly guardsMac: bool;
  /** Containers reach the gateway, and not each other. */
  portIsolation: bool;
  /** Containers find out themselves whether somebody else has their IPv6 addresses. */
  readonly enableDad: bool;
  /** The container's end stays down: something in it sets it up. */
  readonly disableContainerInterface: bool;
  /** Whether containers get addresses. Without, the network is a mere switch. */
  readonly hasAddresses: bool;

  constructor(private config: Configuration) {
    this.bridge = config.text('bridge', 'cni0');
    this.vlans = new Vlans(config);
    this.mtu = <u32>config.integer('mtu', 0, 0, i32.MAX_VALUE);
    this.isDefaultGateway = config.flag('isDefaultGateway');
    this.isGateway = config.flag('isGateway') || this.isDefaultGateway;
    this.forceAddress = config.flag('forceAddress');
    this.hairpinMode = config.flag('hairpinMode');
    this.promiscMode = config.flag('promiscMode');
    this.masquerade = config.flag('ipMasq');
    this.masqueradeBackend = backendOf(config);
    this.guardsMac = config.flag('macspoofchk');
    this.portIsolation = config.flag('portIsolation');
    this.enableDad = config.flag('enabledad');
    this.disableContainerInterface = config.flag('disableContainerInterface');
    this.hasAddresses = hasAddresses(config);
  }

  /** Fails before anything is done where the settings cannot be had. */
  static forAdd(call: Call): Settings {
    const settings = new Settings(call.config);
    call.arguments(['MAC']);
    if (settings.disableContainerInterface && settings.hasAddresses) {
      fail('cannot use IPAM when DisableContainerInterface flag is set');
    }
    if (settings.hairpinMode && settings.promiscMode) {
      fail('cannot set hairpin mode and promiscuous mode at the same time');
    }
    return settings;
  }

  /** For the host's own port in the container's VLAN: neither a hairpin nor isolated. */
  forVlanGateway(): Settings {
    const settings = new Settings(this.config);
    settings.hairpinMode = false;
    settings.portIsolation = false;
    settings.vlans.trunk.length = 0;
    return settings;
  }
}

/** The default is what `iptables` shows. */
function backendOf(config: Configuration): Backend {
  const name = config.text('ipMasqBackend');
  if (name === '') return Backend.Automatic;
  if (name === 'iptables') return Backend.Iptables;
  if (name === 'nftables') return Backend.Nftables;
  return fail<Backend>(`unknown ipmasq backend "${name}"`);
}

/** Whether the network has an IPAM plugin. */
export function hasAddresses(config: Configuration): bool {
  return config.object('ipam').text('type') !== '';
}

/** The hardware address that the container is to have: the runtime's word counts most, CNI_ARGS least. Null where it may be any. */
export function wantedMac(call: Call): MacAddress | null {
  let text = call.config.object('runtimeConfig').text('mac');
  if (text === '') text = call.config.object('args').object('cni').text('mac');
  if (text === '') text = call.arguments(['MAC']).get('MAC');
  if (text === '') return null;
  return expect<MacAddress>(parseMac(text), `failed to make veth pair: address ${text}: invalid MAC address`);
}
