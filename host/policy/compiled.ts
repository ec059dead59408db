import type { FileStamp } from '../system/file-stamp.ts';
import type { Rule } from './rule.ts';

/** A policy as calls use it: plain data, with keys and trusted roots in it, so that nothing else has to be read. */
export interface CompiledPolicy {
  readonly mode: 'enforce' | 'audit';
  readonly signers: Readonly<Record<string, CompiledSigner>>;
  /** By CNI type. */
  readonly plugins: Readonly<Record<string, PluginPolicy>>;
  /** SHA-256, hexadecimal. */
  readonly deny: readonly string[];
  /** The files that it was made of: where one has changed since, it is out of date. */
  readonly sources: readonly FileStamp[];
}

export type CompiledSigner =
  | { readonly kind: 'release' }
  | { readonly kind: 'key'; readonly pem: string }
  | {
      readonly kind: 'keyless';
      readonly identity: string;
      readonly issuer: string;
      /** Text of the file. */
      readonly trustedRoot: string;
      readonly thresholds: { readonly logs: number; readonly timestamps: number; readonly certificateLogs: number };
    }
  | { readonly kind: 'digests'; readonly digests: readonly string[] };

export interface PluginPolicy {
  /** Where its part of the policy file begins. */
  readonly line: number;
  readonly signers: readonly string[];
  readonly threshold: number;
  readonly minimumVersion?: string | undefined;
  readonly attestations: readonly { readonly predicateType: string; readonly signers: readonly string[] }[];
  readonly missing: 'deny-at-load' | 'deny-at-call';
  readonly fullPool: 'ready' | 'unavailable';
  readonly limits: Readonly<Record<string, number>>;
  readonly rules: readonly Rule[];
}
