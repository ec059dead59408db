// Gives everything to the host, and gives back what comes of it.

import { Nothing, Result, Some, Tuple2, Tuple4 } from 'bulkhead-sdk/abi/values';
import * as clash from 'wit/every/clash';
import { Counter, Holder, look, Plan, PlanTag, take } from 'wit/every/counters';
import * as host from 'wit/every/host-mirror';
import { Error_, Everything, Pair, Point, ResultLike, Season, Shape } from 'wit/every/shapes';
import { double } from 'wit/world/inline';
import { plain } from 'wit/world/types';

export function bools(v: bool): bool {
  return host.bools(v);
}

export function s8s(v: i8): i8 {
  return host.s8s(v);
}

export function u8s(v: u8): u8 {
  return host.u8s(v);
}

export function s16s(v: i16): i16 {
  return host.s16s(v);
}

export function u16s(v: u16): u16 {
  return host.u16s(v);
}

export function s32s(v: i32): i32 {
  return host.s32s(v);
}

export function u32s(v: u32): u32 {
  return host.u32s(v);
}

export function s64s(v: i64): i64 {
  return host.s64s(v);
}

export function u64s(v: u64): u64 {
  return host.u64s(v);
}

export function f32s(v: f32): f32 {
  return host.f32s(v);
}

export function f64s(v: f64): f64 {
  return host.f64s(v);
}

export function chars(v: u32): u32 {
  return host.chars(v);
}

export function strings(v: string): string {
  return host.strings(v);
}

export function bytes(v: Uint8Array): Uint8Array {
  return host.bytes(v);
}

export function texts(v: Array<string>): Array<string> {
  return host.texts(v);
}

export function longs(v: Array<u64>): Array<u64> {
  return host.longs(v);
}

export function points(v: Array<Point>): Array<Point> {
  return host.points(v);
}

export function pairs(v: Array<Pair>): Array<Pair> {
  return host.pairs(v);
}

export function seasons(v: Season): Season {
  return host.seasons(v);
}

export function rightsOf(v: u32): u32 {
  return host.rightsOf(v);
}

export function shapes(v: Shape): Shape {
  return host.shapes(v);
}

export function allShapes(v: Array<Shape>): Array<Shape> {
  return host.allShapes(v);
}

export function records(v: Everything): Everything {
  return host.records(v);
}

export function options(v: Some<u64> | null): Some<u64> | null {
  return host.options(v);
}

export function textOptions(v: string | null): string | null {
  return host.textOptions(v);
}

export function nestedOptions(v: Some<Some<u8> | null> | null): Some<Some<u8> | null> | null {
  return host.nestedOptions(v);
}

export function tuples(v: Tuple4<bool, i64, string, Season>): Tuple4<bool, i64, string, Season> {
  return host.tuples(v);
}

export function results(v: Result<u32, string>): Result<u32, string> {
  return host.results(v);
}

export function fallible(v: Result<Everything, Error_>): Result<Everything, Error_> {
  return host.fallible(v);
}

export function unitResults(v: Result<Nothing, Nothing>): Result<Nothing, Nothing> {
  return host.unitResults(v);
}

export function like(v: ResultLike): ResultLike {
  return host.like(v);
}

export function many(a: Everything, b: u8, c: string, d: Everything, e: i64): Tuple2<string, string> {
  return host.many(a, b, c, d, e);
}

export function clashes(text: string): string {
  const failed = clash.fail(clash.make(text).x);
  return (failed.failed ? failed.error.text : 'no') + plain(text);
}

export function count(start: u32, by: u32): Array<u32> {
  const mine = Counter.create(start);
  const other = Counter.create(1);
  const seen: Array<u32> = [
    mine.add(by),
    mine.value(),
    mine.twin(mine) ? 1 : 0,
    mine.twin(other) ? 1 : 0,
    Counter.total(),
  ];
  const holder = new Holder();
  holder.name = 'lent';
  holder.held = mine;
  seen.push(look(Plan.useIt(holder)));
  seen.push(look(Plan.none()));
  seen.push(take(other));
  mine.drop();
  seen.push(Counter.total());
  return seen;
}

export function lent(counter: Counter): u32 {
  return counter.value();
}

export function lentWithin(plan: Plan): u32 {
  return plan.tag == PlanTag.UseIt ? plan.useIt.held.add(plan.useIt.name.length) : 0;
}

export function passedOn(counter: Counter): Counter {
  counter.add(1);
  return counter;
}

export function inlined(v: u32): u32 {
  return double(v);
}

export function loneSurrogate(): string {
  return 'a' + String.fromCharCode(0xd800) + 'b';
}
