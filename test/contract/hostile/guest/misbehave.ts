// A guest that does what it should not.

import { err, Result } from 'bulkhead-sdk/abi/values';
import { Approach } from 'wit/exports/hostile/misbehave';
import * as host from 'wit/hostile/host';

export function well(v: u32): u32 {
  return v + 1;
}

export function refuse(): Result<u32, string> {
  return err<u32, string>('refused');
}

let turns: u64 = 0;

export function spin(): void {
  while (true) turns++;
}

export function recurse(depth: u32): u32 {
  return depth == 0 ? 0 : recurse(depth - 1) + 1;
}

export function grow(pages: u32): u32 {
  return memory.grow(pages);
}

export function allocate(bytes: u32): u32 {
  return <u32>heap.alloc(bytes);
}

export function stop(): void {
  unreachable();
}

export function abortIt(): void {
  assert(turns == 1, 'on purpose');
}

export function outOfBounds(): u32 {
  return load<u32>(<usize>memory.size() * 65536);
}

export function ping(times: u32): void {
  for (let i: u32 = 0; i < times; i++) host.ping();
}

export function hold(doors: u32, thenTrap: bool): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < doors; i++) sum += host.open().knock();
  if (thenTrap) unreachable();
  return sum;
}

export function say(length: u32): void {
  host.say('x'.repeat(length));
}

export function tell(length: u32): string {
  return 'x'.repeat(length);
}

export function readNumber(): u8 {
  return host.number_();
}

export function readText(): u32 {
  return host.text().length;
}

export function risk(): u32 {
  const risked = host.risky();
  return risked.failed ? 1000 + risked.error.length : risked.value;
}

export function forge(how: Approach, number: i32): void {
  approach(how, new host.Door(number));
}

export function useDropped(how: Approach): void {
  const handle = host.open().handle;
  new host.Door(handle).drop();
  approach(how, new host.Door(handle));
}

export function useGiven(how: Approach): void {
  const handle = host.open().handle;
  host.give(new host.Door(handle));
  approach(how, new host.Door(handle));
}

export function useWindow(how: Approach): void {
  approach(how, new host.Door(host.openWindow().handle));
}

export function useWell(how: Approach): void {
  approach(how, host.open());
}

function approach(how: Approach, door: host.Door): void {
  switch (how) {
    case Approach.Lend:
      host.enter(door);
      break;
    case Approach.LendInList: {
      const way = new host.Way();
      way.through = door;
      host.enterAll([way]);
      break;
    }
    case Approach.Give:
      host.give(door);
      break;
    case Approach.Knock:
      door.knock();
      break;
    case Approach.Drop:
      door.drop();
      break;
  }
}
