// Addresses in a configuration, refused in the words of Go's net package.

import { Configuration } from 'bulkhead-sdk/configuration';
import { fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';

/** Null where the key is absent or empty. */
export function ipField(config: Configuration, key: string): Ip | null {
  const text = config.text(key);
  if (text === '') return null;
  const ip = Ip.parse(text);
  return ip === null ? fail<Ip | null>(`invalid IP address: ${text}`) : ip;
}

/** Null where the key is absent. */
export function prefixField(config: Configuration, key: string): Prefix | null {
  if (!config.has(key)) return null;
  const text = config.text(key);
  const prefix = Prefix.parse(text);
  return prefix === null ? fail<Prefix | null>(`invalid CIDR address: ${text}`) : prefix;
}
