/** Authenticates parts; see `Seal` in host/trust. What is made of a component is code, and only run where this says that it was made here. */
export interface Sealing {
  readonly over: (parts: readonly (string | Uint8Array)[]) => string;
  readonly matches: (value: string, parts: readonly (string | Uint8Array)[]) => boolean;
}
