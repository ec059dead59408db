import { errnoNumbers, KernelError } from './errors.ts';

/** linux/if.h: IFNAMSIZ counts the zero at the end. */
const longestName = 15;

/**
 * Whether a link may be called so: dev_valid_name of net/core/dev.c, and no `%`. To the kernel, `veth%d` and the empty name
 * are patterns that it makes a name of; whoever asked would not know the link again.
 */
export function isLinkName(name: string): boolean {
  const bytes = new TextEncoder().encode(name).length;
  return bytes > 0 && bytes <= longestName && name !== '.' && name !== '..' && !/[/:%\0\t\n\v\f\r ]/.test(name);
}

/** Throws the KernelError that the kernel gives for the name: ERANGE where it is too long, EINVAL otherwise. */
export function requireLinkName(attempt: string, name: string): void {
  if (isLinkName(name)) return;
  const tooLong = new TextEncoder().encode(name).length > longestName;
  const reason = tooLong ? `the name of a link has at most ${longestName} bytes` : 'no name for a link';
  throw new KernelError(
    attempt,
    tooLong ? errnoNumbers.ERANGE : errnoNumbers.EINVAL,
    `${JSON.stringify(name)}: ${reason}`,
    { refused: true },
  );
}

/**
 * Throws ENODEV for what cannot be the index of a link. Zero must not reach the kernel: where a name is given besides, it takes
 * the link of that name instead.
 */
export function requireLinkIndex(attempt: string, index: number): void {
  if (Number.isInteger(index) && index > 0 && index <= 0x7fff_ffff) return;
  throw new KernelError(attempt, errnoNumbers.ENODEV, `${index} is no index of a link`, { refused: true });
}
