import { ComponentFormatError, hex, type Reader } from './reader.ts';

/**
 * Steps over one instruction with its immediates and returns its opcode (WebAssembly core specification, 5.4). Throws
 * ComponentFormatError for what the host's engines are not given: threads, exceptions, garbage-collected types, several memories.
 */
export function skipInstruction(reader: Reader): number {
  const opcode = reader.byte();
  if (opcode >= 0x45 && opcode <= 0xc4) return opcode;
  if (opcode >= 0x28 && opcode <= 0x3e) skipMemoryArgument(reader);
  else if (opcode >= 0x20 && opcode <= 0x26) reader.u32();
  else skipOther(opcode, reader);
  return opcode;
}

export const opcodes = { memoryGrow: 0x40, call: 0x10 } as const;

function skipOther(opcode: number, reader: Reader): void {
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0b: // end
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
      return;
    case 0x02: // block
    case 0x03: // loop
    case 0x04: // if
    case 0x41: // i32.const
    case 0x42: // i64.const
    case 0xd0: // ref.null
      reader.skipInteger();
      return;
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x10: // call
    case 0x12: // return_call
    case 0xd2: // ref.func
      reader.u32();
      return;
    case 0x0e: // br_table
      reader.vector(() => reader.u32());
      reader.u32();
      return;
    case 0x11: // call_indirect
    case 0x13: // return_call_indirect
      reader.u32();
      reader.u32();
      return;
    case 0x1c: // select with types
      reader.vector(() => reader.byte());
      return;
    case 0x3f: // memory.size
    case 0x40: // memory.grow
      reader.expect(0x00, 'memory index');
      return;
    case 0x43: // f32.const
      reader.skip(4);
      return;
    case 0x44: // f64.const
      reader.skip(8);
      return;
    case 0xfc:
      skipMiscellaneous(reader);
      return;
    case 0xfd:
      skipVector(reader);
      return;
    default:
      throw new ComponentFormatError(`instruction 0x${hex(opcode)} is not supported`);
  }
}

function skipMemoryArgument(reader: Reader): void {
  if (reader.u32() >= 64) throw new ComponentFormatError('several memories are not supported');
  reader.skipInteger();
}

/** Saturating conversions, bulk memory and table instructions. */
function skipMiscellaneous(reader: Reader): void {
  const code = reader.u32();
  if (code <= 7) return;
  if (code > 17) throw new ComponentFormatError(`instruction 0xfc ${code} is not supported`);
  reader.u32();
  const two = [8, 10, 12, 14];
  if (two.includes(code)) reader.u32();
}

/** 128-bit vectors. */
function skipVector(reader: Reader): void {
  const code = reader.u32();
  if (code <= 11 || code === 92 || code === 93) skipMemoryArgument(reader);
  else if (code === 12 || code === 13) reader.skip(16);
  else if (code >= 21 && code <= 34) reader.skip(1);
  else if (code >= 84 && code <= 91) {
    skipMemoryArgument(reader);
    reader.skip(1);
  }
}
