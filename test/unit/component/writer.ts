import { concat, leb } from '../../../host/component/core-module.ts';

/** Bytes, in parts. */
export type Bytes = readonly number[] | Uint8Array;

/** WebAssembly's binary format, as far as components for tests need it (component-model Binary.md). */
export const vector = (items: readonly Bytes[]): Bytes => concat([leb(items.length), ...items]);

const name = (text: string): Bytes => {
  const bytes = new TextEncoder().encode(text);
  return concat([leb(bytes.length), bytes]);
};

export const section = (id: number, body: Bytes): Bytes => concat([[id], leb(body.length), body]);

export const component = (...sections: readonly Bytes[]): Uint8Array =>
  concat([[0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00], ...sections]);

export const module = (...sections: readonly Bytes[]): Uint8Array<ArrayBuffer> =>
  concat([[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], ...sections]);

// Sections of a component.
export const coreModule = (bytes: Uint8Array): Bytes => section(1, bytes);
export const coreInstances = (...modules: readonly number[]): Bytes =>
  section(2, vector(modules.map((index) => concat([[0x00], leb(index), [0x00]]))));
export const nested = (bytes: Uint8Array): Bytes => section(4, bytes);
export const instances = (...components: readonly number[]): Bytes =>
  section(5, vector(components.map((index) => concat([[0x00], leb(index), [0x00]]))));
export const types = (...definitions: readonly Bytes[]): Bytes => section(7, vector(definitions));
/** Of instances, by their type. */
export const imports = (...all: readonly (readonly [string, number])[]): Bytes =>
  section(10, vector(all.map(([id, type]) => concat([[0x00], name(id), [0x05], leb(type)]))));

// Types.
export const u8: Bytes = [0x7d];
export const tuple = (...items: readonly number[]): Bytes => concat([[0x6f], vector(items.map(leb))]);
export const list = (element: number): Bytes => concat([[0x70], leb(element)]);
export const option = (some: number): Bytes => concat([[0x6b], leb(some)]);
export const result = (ok: number, error: number): Bytes => concat([[0x6a, 0x01], leb(ok), [0x01], leb(error)]);
export const record = (...fields: readonly number[]): Bytes =>
  concat([[0x72], vector(fields.map((type, i) => concat([name(`f${i}`), leb(type)])))]);
export const variant = (...cases: readonly number[]): Bytes =>
  concat([[0x71], vector(cases.map((type, i) => concat([name(`c${i}`), [0x01], leb(type), [0x00]])))]);
export const flags = (count: number): Bytes =>
  concat([[0x6e], vector(Array.from({ length: count }, (_, i) => name(`f${i}`)))]);
export const functionOf = (...parameters: readonly number[]): Bytes =>
  concat([[0x40], vector(parameters.map((type, i) => concat([name(`p${i}`), leb(type)]))), [0x01, 0x00]]);
export const instanceType = (...declarations: readonly Bytes[]): Bytes => concat([[0x42], vector(declarations)]);

// Declarations of an instance type.
export const declared = (type: Bytes): Bytes => concat([[0x01], type]);
export const exported = (id: string, sort: 'function' | 'instance', type: number): Bytes =>
  concat([[0x04, 0x00], name(id), [sort === 'function' ? 0x01 : 0x05], leb(type)]);
