import { macGuardProblems } from '../firewall/mac-guard.ts';
import { fault } from './fault.ts';
import { hostInterface } from './interface.ts';
import { fromWitMac, type WitMac } from './values.ts';

/** Frames that leave the sandbox carry its own hardware address. */
export const macGuard = hostInterface('bulkhead:net/mac-guard@0.1.0', {
  enable: ({ perform }, index: number, mac: WitMac) =>
    perform({ kind: 'mac-guard.enable', index, mac: fromWitMac(mac) }),

  disable: ({ perform }) => perform({ kind: 'mac-guard.disable' }),

  problems({ require, namespace, attachment }, index: number, mac: WitMac) {
    require({ kind: 'mac-guard.read' });
    const host = namespace('host');
    const link = host.linkByIndex(index);
    if (link === undefined) throw fault('not-found', `there is no link ${index}`);
    return macGuardProblems(host.ruleset, attachment, { linkName: link.name, mac: fromWitMac(mac) });
  },
});
