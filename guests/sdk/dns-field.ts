import { Configuration } from 'bulkhead-sdk/configuration';
import { Dns } from 'wit/cni/types';

/** The name servers under a key, as the specification writes them in results; null where it says nothing of them. */
export function dnsField(config: Configuration, key: string): Dns | null {
  const section = config.object(key);
  const domain = section.text('domain');
  if (domain === '' && !section.has('nameservers') && !section.has('search') && !section.has('options')) return null;
  const dns = new Dns();
  dns.nameservers = section.texts('nameservers');
  dns.search = section.texts('search');
  dns.options = section.texts('options');
  if (domain !== '') dns.domain = domain;
  return dns;
}
