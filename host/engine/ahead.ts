import type { Instance, Limits } from './engine.ts';

/** Instances that a thread keeps ready at most. */
const most = 4;

/** Instances that were made before anybody asked for them: of those components that were called last, one each. */
export class Ahead<Component extends object, Made extends Pick<Instance, 'close'>> {
  /** The oldest first; each of a component with so much memory. */
  readonly #ready = new Map<Component, { readonly instance: Made; readonly memory: number }>();
  /** Those that were called since, and how. */
  readonly #called = new Map<Component, Limits>();
  /** Those of which none can be made ahead. */
  readonly #unable = new WeakSet<Component>();

  /** One that nobody has called, with as much memory; undefined where there is none. */
  take(component: Component, limits: Limits): Made | undefined {
    if (!this.#unable.has(component)) this.#called.set(component, limits);
    const ready = this.#ready.get(component);
    this.#ready.delete(component);
    if (ready === undefined || ready.memory === limits.memory) return ready?.instance;
    ready.instance.close();
    return undefined;
  }

  /** Makes the next instance of each component that was called. Never throws: what fails here is for the call to say. */
  prepare(make: (component: Component, limits: Limits) => Made): void {
    for (const [component, limits] of this.#called) {
      try {
        this.#ready.set(component, { instance: make(component, limits), memory: limits.memory });
      } catch {
        // It may need the host to be made.
        this.#unable.add(component);
      }
    }
    this.#called.clear();
    for (const [component, { instance }] of this.#ready) {
      if (this.#ready.size <= most) break;
      this.#ready.delete(component);
      instance.close();
    }
  }
}
