/**
 * The moment, in milliseconds of the monotonic clock (`performance.now()`), after which a call must not wait any more.
 * A time-out of the engine does not reach into a blocking system call, so each of those carries the rest of the deadline itself.
 */
export class Deadline {
  static readonly never = new Deadline(Number.POSITIVE_INFINITY);
  readonly at: number;

  private constructor(at: number) {
    this.at = at;
  }

  static in(milliseconds: number): Deadline {
    return new Deadline(performance.now() + milliseconds);
  }

  /** Milliseconds left, 0 when past, infinite for `never`. */
  get remaining(): number {
    return Math.max(0, this.at - performance.now());
  }

  get passed(): boolean {
    return this.remaining === 0;
  }

  /** The earlier of the two. */
  earliest(other: Deadline): Deadline {
    return this.at <= other.at ? this : other;
  }
}
