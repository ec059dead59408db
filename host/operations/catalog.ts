import { addAddress, removeAddress, undoAddAddress, undoRemoveAddress } from './addresses.ts';
import type { OperationContext } from './context.ts';
import type { OperationDefinition } from './definition.ts';
import type { Effect } from './effect.ts';
import { releaseLease, reserveLease, undoReserveLease } from './leases.ts';
import { changeLink, createLink, moveLink, removeLink, undoChangeLink, undoCreateLink, undoMoveLink } from './links.ts';
import { disableMacGuard, enableMacGuard, undoEnableMacGuard } from './mac-guard.ts';
import { disableMasquerade, enableMasquerade, undoEnableMasquerade } from './masquerade.ts';
import type { OperationKind } from './operation.ts';
import { addPortVlans, changePort, removePortVlans, undoChangePort, undoPortVlans } from './ports.ts';
import { addRoute, removeRoute, replaceRoute, undoAddRoute, undoRemoveRoute, undoReplaceRoute } from './routes.ts';
import { undoWriteSysctl, writeSysctl } from './sysctls.ts';

/** Every kind of operation. */
export const definitions: { readonly [K in OperationKind]: OperationDefinition<K> } = {
  'link.create': createLink,
  'link.change': changeLink,
  'link.move': moveLink,
  'link.remove': removeLink,
  'port.change': changePort,
  'port.add-vlans': addPortVlans,
  'port.remove-vlans': removePortVlans,
  'address.add': addAddress,
  'address.remove': removeAddress,
  'route.add': addRoute,
  'route.replace': replaceRoute,
  'route.remove': removeRoute,
  'sysctl.write': writeSysctl,
  'masquerade.enable': enableMasquerade,
  'masquerade.disable': disableMasquerade,
  'mac-guard.enable': enableMacGuard,
  'mac-guard.disable': disableMacGuard,
  'lease.reserve': reserveLease,
  'lease.release': releaseLease,
};

/** Takes an effect back. What is gone already is left. Throws KernelError, or what a delegate's DEL throws. */
export function undo(effect: Effect, context: OperationContext): void {
  switch (effect.kind) {
    case 'link.create':
      undoCreateLink(effect, context);
      break;
    case 'link.change':
      undoChangeLink(effect, context);
      break;
    case 'link.move':
      undoMoveLink(effect, context);
      break;
    case 'port.change':
      undoChangePort(effect, context);
      break;
    case 'port.add-vlans':
    case 'port.remove-vlans':
      undoPortVlans(effect, context);
      break;
    case 'address.add':
      undoAddAddress(effect, context);
      break;
    case 'address.remove':
      undoRemoveAddress(effect, context);
      break;
    case 'route.add':
      undoAddRoute(effect, context);
      break;
    case 'route.replace':
      undoReplaceRoute(effect, context);
      break;
    case 'route.remove':
      undoRemoveRoute(effect, context);
      break;
    case 'sysctl.write':
      undoWriteSysctl(effect, context);
      break;
    case 'masquerade.enable':
      undoEnableMasquerade(effect, context);
      break;
    case 'mac-guard.enable':
      undoEnableMacGuard(effect, context);
      break;
    case 'lease.reserve':
      undoReserveLease(effect, context);
      break;
    case 'delegate.add':
      context.releaseDelegate(effect.type);
      break;
  }
}
