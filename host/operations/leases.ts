import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf } from './effect.ts';

/** The lease files carry the attachment's name, so what was reserved is found again without knowing the address beforehand. */
export const reserveLease: OperationDefinition<'lease.reserve'> = {
  plan({ directory, address }) {
    const effect: EffectOf<'lease.reserve'> = {
      kind: 'lease.reserve',
      directory,
      ...(address === undefined ? {} : { address }),
    };
    return { scope: 'private', effect };
  },
  apply: (request, _plan, context) => context.leases.reserve(request),
};

export const undoReserveLease: Undo<'lease.reserve'> = ({ directory }, context) => context.leases.release(directory);

export const releaseLease: OperationDefinition<'lease.release'> = {
  plan: () => ({ scope: 'covered' }),
  apply({ directory }, _plan, context) {
    context.leases.release(directory);
    return undefined;
  },
};
