import { beforeEach, describe, expect, test } from 'vitest';
import type { Addon } from '../../native/wasmtime/addon.ts';
import { Binding } from '../../native/wasmtime/binding.ts';
import { Crossing } from '../../native/wasmtime/crossing.ts';
import { Instance } from '../../native/wasmtime/instance.ts';
import { Plan } from '../../native/wasmtime/plan.ts';
import type { FunctionType, ResourceType, ValueType } from '../../native/wasmtime/shape.ts';
import { Side } from '../../native/wasmtime/side.ts';

/** An instance on an addon that is none: what it does is up to the test. */
describe('an instance', () => {
  const panic = new Error('panicked');
  const doors: ResourceType = { interface: 'host', name: 'door', imported: true };
  const own: ValueType = { kind: 'own', resource: doors };
  const take: FunctionType = {
    name: 'take',
    parameters: [
      { name: 'first', type: own },
      { name: 'second', type: own },
    ],
  };
  class Door {
    [Symbol.dispose]() {
      log.push('closed a door');
    }
  }
  const host = { host: { Door } };

  let log: string[];
  let call: () => void;
  let free: () => void;
  let instance: Instance;
  beforeEach(() => {
    log = [];
    call = () => undefined;
    free = () => log.push('freed');
    const addon: Partial<Addon> = {
      attach: () => new Uint8Array(1),
      share: () => true,
      begin: () => call(),
      call: () => call(),
      dropResource: () => call(),
      close: () => free(),
    };
    const crossing = Crossing.of(addon as Addon);
    const plan = new Plan([], [take], [doors]);
    const binding = new Binding([], [doors]);
    const side = new Side(plan, crossing.exchange, binding.to(host), { handles: 2, string: 10 });
    instance = new Instance(crossing, 1, side, plan, binding);
  });

  const takeTwo = () => instance.call(undefined, 'take', [new Door(), new Door()]);

  test('has ended where Rust panics, and what the guest had is closed', () => {
    call = () => {
      throw panic;
    };
    expect(takeTwo).toThrow(panic);
    expect(log).toEqual(['freed', 'closed a door', 'closed a door']);
    expect(takeTwo).toThrow(expect.objectContaining({ code: 'ended' }));
    expect(instance.close()).toEqual([]);
  });

  test('has ended where Rust panics before it has begun', () => {
    call = () => {
      throw panic;
    };
    expect(() => instance.begin(host)).toThrow(panic);
    expect(takeTwo).toThrow(expect.objectContaining({ code: 'ended' }));
    expect(log).toEqual(['freed']);
  });

  test('says what Rust panicked with when it was closed, and closes what the guest had', () => {
    takeTwo();
    free = () => {
      throw panic;
    };
    expect(instance.close()).toEqual([panic]);
    expect(log).toEqual(['closed a door', 'closed a door']);
    expect(instance.close()).toEqual([]);
  });

  test('takes no object of the host where one after it is refused', () => {
    const door = new Door();
    for (let i = 0; i < 3; i++)
      expect(() => instance.call(undefined, 'take', [door, {}])).toThrow('take: second: expected a door');
    expect(log).toEqual([]);
    takeTwo();
    expect(() => instance.call(undefined, 'take', [door, door])).toThrow('the guest holds 2 handles');
    instance.close();
    expect(log).toEqual(['freed', 'closed a door', 'closed a door']);
  });

  test('is not used by a getter of what it is given', () => {
    const args = [new Door()];
    Object.defineProperty(args, '1', { get: takeTwo, enumerable: true });
    expect(() => instance.call(undefined, 'take', args)).toThrow(
      expect.objectContaining({ code: 'host-failure', cause: expect.objectContaining({ code: 'reentrant' }) }),
    );
    takeTwo();
    instance.close();
    expect(log).toEqual(['freed', 'closed a door', 'closed a door']);
  });
});
