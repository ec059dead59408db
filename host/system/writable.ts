/** For a value that is made step by step, and read-only from then on. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };
