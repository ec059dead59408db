// A resource of the guest's own.
let open_: u32 = 0;

export class Lease {
  private renewals: u64 = 0;

  constructor(private holder: string) {
    open_++;
  }

  owner(): string {
    return this.holder;
  }

  renew(by: u64): u64 {
    return (this.renewals += by);
  }

  same(other: Lease): bool {
    return this === other;
  }

  static open(): u32 {
    return open_;
  }
}

export function merge(a: Lease, b: Lease): Lease {
  return new Lease(a.owner() + '+' + b.owner());
}
