// Values that WIT has and AssemblyScript has not.

/** A value where there may be none, for what cannot be null: `new Some<u32>(1500)`. */
export class Some<T> {
  constructor(public value: T) {}
}

/** The side of a result that carries nothing. */
export class Nothing {
  static readonly it: Nothing = new Nothing();
}

/** What a function gives that may fail: look at `failed` first. */
export class Result<T, E> {
  constructor(
    public failed: bool,
    private okValue: T,
    private errorValue: E,
  ) {}

  get value(): T {
    assert(!this.failed, 'the value of a result that failed');
    return this.okValue;
  }

  get error(): E {
    assert(this.failed, 'the error of a result that did not fail');
    return this.errorValue;
  }
}

export function ok<T, E>(value: T): Result<T, E> {
  return new Result<T, E>(false, value, blank<E>());
}

export function err<T, E>(error: E): Result<T, E> {
  return new Result<T, E>(true, blank<T>(), error);
}

/** A value of the type that is never looked at. */
export function blank<T>(): T {
  if (isReference<T>()) return changetype<T>(<usize>0);
  return <T>0;
}

export class Tuple1<A> {
  constructor(public _0: A) {}
}

export class Tuple2<A, B> {
  constructor(
    public _0: A,
    public _1: B,
  ) {}
}

export class Tuple3<A, B, C> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
  ) {}
}

export class Tuple4<A, B, C, D> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
  ) {}
}

export class Tuple5<A, B, C, D, E> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
  ) {}
}

export class Tuple6<A, B, C, D, E, F> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
  ) {}
}

export class Tuple7<A, B, C, D, E, F, G> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
  ) {}
}

export class Tuple8<A, B, C, D, E, F, G, H> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
  ) {}
}

export class Tuple9<A, B, C, D, E, F, G, H, I> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
  ) {}
}

export class Tuple10<A, B, C, D, E, F, G, H, I, J> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
  ) {}
}

export class Tuple11<A, B, C, D, E, F, G, H, I, J, K> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
    public _10: K,
  ) {}
}

export class Tuple12<A, B, C, D, E, F, G, H, I, J, K, L> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
    public _10: K,
    public _11: L,
  ) {}
}

export class Tuple13<A, B, C, D, E, F, G, H, I, J, K, L, M> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
    public _10: K,
    public _11: L,
    public _12: M,
  ) {}
}

export class Tuple14<A, B, C, D, E, F, G, H, I, J, K, L, M, N> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
    public _10: K,
    public _11: L,
    public _12: M,
    public _13: N,
  ) {}
}

export class Tuple15<A, B, C, D, E, F, G, H, I, J, K, L, M, N, O> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
    public _10: K,
    public _11: L,
    public _12: M,
    public _13: N,
    public _14: O,
  ) {}
}

export class Tuple16<A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P> {
  constructor(
    public _0: A,
    public _1: B,
    public _2: C,
    public _3: D,
    public _4: E,
    public _5: F,
    public _6: G,
    public _7: H,
    public _8: I,
    public _9: J,
    public _10: K,
    public _11: L,
    public _12: M,
    public _13: N,
    public _14: O,
    public _15: P,
  ) {}
}
