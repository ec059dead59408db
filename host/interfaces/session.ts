import type { Dns, OutcomeAddress, OutcomeRoute } from '../cni/outcome.ts';
import type { RuleOwner } from '../firewall/owner.ts';
import type { Leases } from '../ipam/leases.ts';
import type { Link, NetworkNamespace } from '../kernel/kernel.ts';
import type { SharedObject } from '../operations/effect.ts';
import type { Door, Operation, OperationKind, OperationOf, ValueOf } from '../operations/operation.ts';
import type { Inquiry } from '../policy/access.ts';

/** What host functions work with: one call of one plugin. */
export interface Session {
  /** The namespace behind a door. Throws a fault where the sandbox is gone. */
  readonly namespace: (door: Door) => NetworkNamespace;
  /** Undefined where the call came without a sandbox, or it is gone. */
  readonly sandbox: NetworkNamespace | undefined;
  readonly attachment: RuleOwner;
  /** CNI_NETNS as it came. */
  readonly sandboxPath: string;
  /** Authorizes, records and applies. */
  readonly perform: <K extends OperationKind>(operation: OperationOf<K> & Operation) => ValueOf<K>;
  /** Several behind one door, of which none is carried out where one is not allowed. Throws StepError. */
  readonly performAll: (door: Door, operations: readonly Operation[]) => void;
  /** Counts so many accesses as calls of the host, of which a guest has so many. Throws what ends the guest. */
  readonly count: (accesses: number) => void;
  /** Throws a fault `denied` where the policy does not allow it. */
  readonly require: (inquiry: Inquiry) => void;
  /** Notes what the plugin is told of a link. */
  readonly tell: (door: Door, link: Link) => void;
  /** Reads something of the host's that the attachment is going to rely on, where it is what `isReliedOn` looks for. */
  readonly rely: <T>(object: SharedObject, read: () => T, isReliedOn?: (found: T) => boolean) => T;
  readonly log: (level: LogLevel, message: string) => void;
  readonly leases: Leases;
  /** The attachment's lease directory, by the manifest's pointer into the configuration. Throws a fault where there is none. */
  readonly leaseDirectory: () => string;
  /** Whether STATUS is to succeed where no address is left. */
  readonly fullPool: 'ready' | 'unavailable';
  readonly delegate: Delegate;
  /** Contents of a file in the form of resolv.conf. Throws a fault. */
  readonly readResolver: (path: string) => string;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The network's IPAM plugin, as another plugin may call it. Each throws CniError. */
export interface Delegate {
  readonly add: () => Assignment;
  readonly del: () => void;
  readonly check: () => void;
  readonly status: () => void;
}

export interface Assignment {
  readonly addresses: readonly OutcomeAddress[];
  readonly routes: readonly OutcomeRoute[];
  readonly dns?: Dns | undefined;
}
