import { type MasqueradeBackend, masqueradeProblems, masqueradeSupport } from '../firewall/masquerade.ts';
import { fault, orFault } from './fault.ts';
import { hostInterface } from './interface.ts';
import { fromWitPrefix, type WitPrefix } from './values.ts';

/** Source NAT as an intent: the host writes the rules. */
export const masquerade = hostInterface(
  'bulkhead:net/masquerade@0.1.0',
  ({ namespace, attachment, perform, require }) => ({
    enable: (addresses: readonly WitPrefix[], backend: MasqueradeBackend) =>
      orFault(() => perform({ kind: 'masquerade.enable', addresses: addresses.map(fromWitPrefix), backend })),

    disable: () => orFault(() => perform({ kind: 'masquerade.disable' })),

    problems: (addresses: readonly WitPrefix[]) =>
      orFault(() => {
        require({ kind: 'masquerade.read' });
        return masqueradeProblems(namespace('host').ruleset, attachment, addresses.map(fromWitPrefix));
      }),

    support: (backend: MasqueradeBackend) =>
      orFault(() => {
        require({ kind: 'masquerade.read' });
        const { missing, warnings } = masqueradeSupport(namespace('host').ruleset, backend);
        if (missing !== undefined) throw fault('unsupported', missing);
        return warnings;
      }),
  }),
);
