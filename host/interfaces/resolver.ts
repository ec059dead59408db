import { parseResolver } from '../ipam/resolver.ts';
import { hostInterface } from './interface.ts';
import { witDns } from './values.ts';

/** Name servers from a file in the form of resolv.conf. */
export const resolver = hostInterface('bulkhead:ipam/resolver@0.1.0', {
  read({ require, readResolver }, path: string) {
    require({ kind: 'resolver.read', path });
    return witDns(parseResolver(readResolver(path)));
  },
});
