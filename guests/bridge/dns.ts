import { Configuration } from 'bulkhead-sdk/configuration';
import { Dns } from 'wit/cni/types';

/** The name servers of the network configuration; null where it says nothing of them. */
export function configuredDns(config: Configuration): Dns | null {
  const section = config.object('dns');
  const domain = section.text('domain');
  if (domain === '' && !section.has('nameservers') && !section.has('search') && !section.has('options')) return null;
  const dns = new Dns();
  dns.nameservers = section.texts('nameservers');
  dns.search = section.texts('search');
  dns.options = section.texts('options');
  if (domain !== '') dns.domain = domain;
  return dns;
}
