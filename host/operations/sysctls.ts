import { linkAt, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf } from './effect.ts';
import type { Door } from './operation.ts';
import { restoring } from './undoing.ts';

/** The settings of a link die with it; those of the host as a whole are shared. */
export const writeSysctl: OperationDefinition<'sysctl.write'> = {
  // A setting of several numbers takes them one by one.
  inSteps: true,

  sharedObject({ door, key }, context) {
    if (door === 'sandbox') return undefined;
    const link = linkInKey(key);
    if (link === undefined) return `sysctl ${key}`;
    return ownsLink(context, door, link) ? undefined : `link ${link}`;
  },

  plan({ door, key, value }, context) {
    const namespace = namespaceOf(context, door);
    const link = linkInKey(key);
    if (link !== undefined && ownsLink(context, door, link)) return { scope: 'covered' };
    const before = namespace.readSysctl(key);
    const effect: EffectOf<'sysctl.write'> = { kind: 'sysctl.write', door, key, before, after: value };
    const changes = before === value ? undefined : effect;
    if (door === 'sandbox') return { scope: 'private', effect: changes };
    return { scope: 'shared', object: link === undefined ? `sysctl ${key}` : `link ${link}`, effect: changes };
  },

  /** `01` is 1 to the kernel, and it may take less than what was written. */
  seen(effect, context) {
    if (effect.kind !== 'sysctl.write') return effect;
    const after = namespaceOf(context, effect.door).readSysctl(effect.key);
    return after === effect.after ? effect : { ...effect, after };
  },

  apply({ door, key, value }, plan, context) {
    // What has the value already is left as it is.
    if (plan.scope === 'covered' || plan.effect !== undefined) namespaceOf(context, door).writeSysctl(key, value);
    return undefined;
  },
};

/** Puts the value back, unless somebody changed it since. */
export const undoWriteSysctl: Undo<'sysctl.write'> = ({ door, key, before, after }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace === undefined) return;
  restoring(() => {
    const now = namespace.readSysctl(key);
    if (now !== before && isSameValue(now, after)) namespace.writeSysctl(key, before);
  });
};

/** Also where what was written is on record and not what the kernel made of it: numbers may be spelled in many ways, and what follows be left out. */
function isSameValue(shown: string, written: string): boolean {
  if (shown === written) return true;
  const [left, right] = [numbers(shown), numbers(written)];
  const common = Math.min(left.length, right.length);
  return common > 0 && left.slice(0, common).every((one, position) => one === right[position]);
}

/** strtoul_lenient (kernel/sysctl.c): decimal, octal and hexadecimal. NaN, which equals nothing, for other words. */
function numbers(text: string): number[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.map((word) => {
    const [, sign, digits = ''] = /^(-?)(.*)$/s.exec(word) ?? [];
    const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
    return sign === '-' ? -value : value;
  });
}

/** The link that a key such as `ipv4/conf/cni0/arp_notify` is about. `all` and `default` are none. */
export function linkInKey(key: string): string | undefined {
  const [, area, link] = key.split('/');
  return (area === 'conf' || area === 'neigh') && link !== 'all' && link !== 'default' ? link : undefined;
}

function ownsLink(context: OperationContext, door: Door, name: string): boolean {
  for (const entry of context.owned) {
    const [where, index] = entry.split(' ');
    if (where === door && linkAt(context, door, Number(index))?.name === name) return true;
  }
  return false;
}
