/** Bytes that are not what the schema says. `path` names the attribute, outermost first: `info.data.vlanFiltering`. */
export class NetlinkDecodeError extends Error {
  override readonly name = 'NetlinkDecodeError';
  readonly reason: string;
  readonly path: readonly string[];

  constructor(reason: string, path: readonly string[] = [], options?: ErrorOptions) {
    super(path.length === 0 ? reason : `${path.join('.')}: ${reason}`, options);
    this.reason = reason;
    this.path = path;
  }

  /** The same error, seen from the schema that `name` is part of. */
  within(name: string): NetlinkDecodeError {
    return new NetlinkDecodeError(this.reason, [name, ...this.path]);
  }
}

/** A value that the schema cannot carry, such as 70000 in an `u16` or a text with a zero byte. */
export class NetlinkEncodeError extends RangeError {
  override readonly name = 'NetlinkEncodeError';
}
