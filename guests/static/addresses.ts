import { ipField } from 'bulkhead-sdk/address-fields';
import { Configuration } from 'bulkhead-sdk/configuration';
import { ipamSection, refuseTooMany } from 'bulkhead-sdk/ipam';
import { Call } from 'bulkhead-sdk/plugin';
import { argumentAddresses } from './argument-addresses';
import { FixedAddress } from './fixed-address';

/**
 * What the container gets: the addresses that the runtime asks for, else those of `args`, else the network's own and those of CNI_ARGS.
 * All that the caller asks for has to be right, also where something else takes its place.
 */
export function addressesFor(call: Call): FixedAddress[] {
  const ofArguments = argumentAddresses(call);
  const ofArgs = requestedAddresses(call.config.object('args').object('cni'));
  const ofRuntime = requestedAddresses(call.config.object('runtimeConfig'));
  let addresses = ofRuntime.length > 0 ? ofRuntime : ofArgs;
  if (addresses.length === 0) addresses = configuredAddresses(ipamSection(call.config)).concat(ofArguments);
  const families = addresses.map<i32>((address) => address.prefix.family);
  refuseTooMany(call, families);
  return addresses;
}

/** The network's own, each with its gateway. */
export function configuredAddresses(ipam: Configuration): FixedAddress[] {
  return ipam.list('addresses').map<FixedAddress>((item) => {
    const gateway = ipField(item, 'gateway');
    const address = FixedAddress.parse(item.text('address'), "the 'address' field is expected to be");
    address.gateway = gateway;
    return address;
  });
}

function requestedAddresses(source: Configuration): FixedAddress[] {
  return source
    .texts('ips')
    .map<FixedAddress>((text) => FixedAddress.parse(text, "an entry in the 'ips' field is NOT"));
}
