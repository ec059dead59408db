/** Leases cannot be read or written; the cause has the reason. */
export class LeaseError extends Error {
  override readonly name = 'LeaseError';
  /** Linux errno of the file operation, 0 where it was none. */
  readonly errno: number;

  constructor(attempt: string, cause: unknown) {
    const { message, errno } = cause as Partial<NodeJS.ErrnoException>;
    super(`cannot ${attempt}: ${message ?? String(cause)}`, { cause });
    this.errno = Math.abs(errno ?? 0);
  }
}
