/** Something that whoever typed the command can mend; printed without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
