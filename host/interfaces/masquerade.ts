import { type MasqueradeBackend, masqueradeProblems, masqueradeSupport } from '../firewall/masquerade.ts';
import { fault } from './fault.ts';
import { hostInterface } from './interface.ts';
import { fromWitPrefix, type WitPrefix } from './values.ts';

/** Source NAT as an intent: the host writes the rules. */
export const masquerade = hostInterface('bulkhead:net/masquerade@0.1.0', {
  enable: ({ perform }, addresses: readonly WitPrefix[], backend: MasqueradeBackend) =>
    perform({ kind: 'masquerade.enable', addresses: addresses.map(fromWitPrefix), backend }),

  disable: ({ perform }) => perform({ kind: 'masquerade.disable' }),

  problems({ require, namespace, attachment }, addresses: readonly WitPrefix[]) {
    require({ kind: 'masquerade.read' });
    return masqueradeProblems(namespace('host').ruleset, attachment, addresses.map(fromWitPrefix));
  },

  support({ require, namespace }, backend: MasqueradeBackend) {
    require({ kind: 'masquerade.read' });
    const { missing, warnings } = masqueradeSupport(namespace('host').ruleset, backend);
    if (missing !== undefined) throw fault('unsupported', missing);
    return warnings;
  },
});
