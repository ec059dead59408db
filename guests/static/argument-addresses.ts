import { expect } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Call } from 'bulkhead-sdk/plugin';
import { FixedAddress } from './fixed-address';

/** CNI_ARGS: `IP=10.1.2.3/24,2001:db8::3/64;GATEWAY=10.1.2.1,2001:db8::1`. A gateway is that of each of these addresses in whose network it is. */
export function argumentAddresses(call: Call): FixedAddress[] {
  const given = call.arguments(['IP', 'GATEWAY']);
  const addresses = itemsOf(given.get('IP')).map<FixedAddress>((item) =>
    FixedAddress.parse(item.trim(), "the 'ip' field is expected to be"),
  );
  const gateways = itemsOf(given.get('GATEWAY')).map<Ip>((item) =>
    expect<Ip>(Ip.parse(item.trim()), `invalid gateway address: ${item}`),
  );
  for (let i = 0; i < gateways.length; i++) {
    for (let k = 0; k < addresses.length; k++) {
      if (addresses[k].prefix.contains(gateways[i])) addresses[k].gateway = gateways[i];
    }
  }
  return addresses;
}

function itemsOf(text: string): string[] {
  return text === '' ? [] : text.split(',');
}
