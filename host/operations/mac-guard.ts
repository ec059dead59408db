import { addMacGuard, removeMacGuard } from '../firewall/mac-guard.ts';
import { linkNameOf } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import { restoring } from './undoing.ts';

/** Rules that say whose they are: they go with the attachment. */
export const enableMacGuard: OperationDefinition<'mac-guard.enable'> = {
  plan: () => ({ scope: 'private', effect: { kind: 'mac-guard.enable' } }),
  apply({ index, mac }, _plan, context) {
    const linkName = linkNameOf(context, 'host', index);
    addMacGuard(context.host.ruleset, context.attachment, { linkName, mac });
    return undefined;
  },
};

export const disableMacGuard: OperationDefinition<'mac-guard.disable'> = {
  plan: () => ({ scope: 'private', effect: undefined }),
  apply(_operation, _plan, { host, attachment }) {
    removeMacGuard(host.ruleset, attachment);
    return undefined;
  },
};

export const undoEnableMacGuard: Undo<'mac-guard.enable'> = (_effect, { host, attachment }) => {
  restoring(() => removeMacGuard(host.ruleset, attachment));
};
