/** Things that stay open, by what they are looked up by: those that were used last, and the others are closed. */
export class Recent<K, V extends { close(): void }> {
  readonly #most: number;
  readonly #open: (key: K) => V;
  /** In the order of their last use. */
  readonly #kept = new Map<K, V>();

  /** Keeps so many: whoever uses one must be done with it before so many others are asked for. */
  constructor(most: number, open: (key: K) => V) {
    this.#most = most;
    this.#open = open;
  }

  get(key: K): V {
    const value = this.#kept.get(key) ?? this.#open(key);
    this.#kept.delete(key);
    this.#kept.set(key, value);
    if (this.#kept.size > this.#most) this.#closeOldest();
    return value;
  }

  has(key: K): boolean {
    return this.#kept.has(key);
  }

  close(): void {
    for (const value of this.#kept.values()) value.close();
    this.#kept.clear();
  }

  #closeOldest(): void {
    for (const [key, value] of this.#kept) {
      this.#kept.delete(key);
      value.close();
      return;
    }
  }
}
