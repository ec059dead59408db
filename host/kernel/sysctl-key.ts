import { errnoNumbers, KernelError } from './errors.ts';

/**
 * The segments of a sysctl key, which is a path below /proc/sys/net: `ipv4/conf/cni0.100/arp_notify`. A link's name is one
 * segment, dots included. Throws ENOENT for a key that could climb out or mean the same as another one.
 */
export function sysctlSegments(attempt: string, key: string): readonly string[] {
  const segments = key.split('/');
  const climbs = segments.some(
    (segment) => segment === '' || segment === '.' || segment === '..' || segment.includes('\0'),
  );
  if (climbs) throw new KernelError(attempt, errnoNumbers.ENOENT, 'no key of a sysctl below net/', { refused: true });
  return segments;
}
