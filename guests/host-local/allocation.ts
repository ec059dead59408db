import { expect, fail, orFail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Address } from 'wit/cni/types';
import { Range as LeaseRange, ReservationTag, reserve, reserveNext } from 'wit/ipam/leases';
import { Pool } from './pools';
import { Range } from './range';

/** Leases one address of the pool: the requested one, or the next that is free. What was leased before it fails, the host takes back. */
export function allocate(containerId: string, index: u32, pool: Pool, requested: Ip | null): Address {
  const attempt = `failed to allocate for range ${index}`;
  const ip = requested === null ? leaseNext(containerId, index, pool, attempt) : lease(requested, index, pool, attempt);
  const range = expect<Range>(pool.rangeOf(ip), `${attempt}: ${ip.toString()} is in none of ${pool.toString()}`);
  const address = new Address();
  address.prefix = new Prefix(ip, range.subnet.length).toWit();
  address.gateway = range.gateway.toWit();
  return address;
}

function lease(ip: Ip, index: u32, pool: Pool, attempt: string): Ip {
  const range = pool.rangeOf(ip);
  if (range !== null && range.gateway.equals(ip)) fail(`${attempt}: requested ip ${ip.toString()} is subnet's gateway`);
  const reservation = orFail(reserve(index, ip.toWit()), attempt);
  if (reservation.tag !== ReservationTag.Leased) {
    fail(`${attempt}: requested IP address ${ip.toString()} is not available in range set ${pool.toString()}`);
  }
  return ip;
}

function leaseNext(containerId: string, index: u32, pool: Pool, attempt: string): Ip {
  const ranges = pool.ranges.map<LeaseRange>((range) => range.toWit());
  const reservation = orFail(reserveNext(index, ranges), attempt);
  switch (reservation.tag) {
    case ReservationTag.Leased:
      return Ip.from(reservation.leased);
    case ReservationTag.Held: {
      const ip = Ip.from(reservation.held).toString();
      return fail<Ip>(`${attempt}: ${ip} has been allocated to ${containerId}, duplicate allocation is not allowed`);
    }
    default:
      return fail<Ip>(`${attempt}: no IP addresses available in range set: ${pool.toString()}`);
  }
}
