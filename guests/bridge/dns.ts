import { Configuration } from 'bulkhead-sdk/configuration';
import { dnsField } from 'bulkhead-sdk/dns-field';
import { Dns } from 'wit/cni/types';

/** The name servers of the network configuration; null where it says nothing of them. */
export function configuredDns(config: Configuration): Dns | null {
  return dnsField(config, 'dns');
}
