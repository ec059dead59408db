// What to change about a link; everything else stays as it is.

import { Some } from 'bulkhead-sdk/abi/values';
import { MacAddress } from 'bulkhead-sdk/mac';
import { LinkChange } from 'wit/net/link-control';

export function toUp(): LinkChange {
  const change = new LinkChange();
  change.up = new Some<bool>(true);
  return change;
}

export function toDown(): LinkChange {
  const change = new LinkChange();
  change.up = new Some<bool>(false);
  return change;
}

export function toMtu(mtu: u32): LinkChange {
  const change = new LinkChange();
  change.mtu = new Some<u32>(mtu);
  return change;
}

export function toMac(mac: MacAddress): LinkChange {
  const change = new LinkChange();
  change.mac = mac;
  return change;
}

export function toPromiscuous(): LinkChange {
  const change = new LinkChange();
  change.promiscuous = new Some<bool>(true);
  return change;
}

/** A port of the bridge with that index, and up. */
export function toPort(bridge: u32): LinkChange {
  const change = toController(bridge);
  change.up = new Some<bool>(true);
  return change;
}

/** `index` is that of a bridge, a bond or a VRF. */
export function toController(index: u32): LinkChange {
  const change = new LinkChange();
  change.controller = new Some<u32>(index);
  return change;
}
