import { addMasquerade, removeMasquerade } from '../firewall/masquerade.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import { restoring } from './undoing.ts';

/** Rules that say whose they are: they go with the attachment. */
export const enableMasquerade: OperationDefinition<'masquerade.enable'> = {
  plan: ({ addresses }) => ({ scope: 'private', effect: { kind: 'masquerade.enable', addresses } }),
  apply({ addresses, backend }, _plan, { host, attachment }) {
    addMasquerade(host.ruleset, attachment, addresses, backend);
    return undefined;
  },
};

export const disableMasquerade: OperationDefinition<'masquerade.disable'> = {
  plan: () => ({ scope: 'private', effect: undefined }),
  apply(_operation, _plan, { host, attachment, masqueraded }) {
    removeMasquerade(host.ruleset, attachment, masqueraded);
    return undefined;
  },
};

export const undoEnableMasquerade: Undo<'masquerade.enable'> = ({ addresses }, { host, attachment }) => {
  restoring(() => removeMasquerade(host.ruleset, attachment, addresses));
};
