/** Architectures that a launcher can be made for, as Node names them. */
export type LauncherArchitecture = 'x64' | 'arm64';

export interface LauncherPlan {
  readonly architecture: LauncherArchitecture;
  /** Absolute path of the program, and its arguments after it. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Of environment variables: `CNI_` keeps every variable that begins so, `TRACEPARENT=` that one. */
  readonly keep: readonly string[];
  /** Printed to stdout where the program cannot be executed; the exit status is 1 then. */
  readonly failure: string;
}

/**
 * The bytes of native/launcher/*.s (test/unit/cli/launcher.test.ts assembles them where an assembler is installed). A launcher
 * has to be a static executable without a library: LD_PRELOAD would run inside a shell, and NODE_OPTIONS inside Node, before either
 * could drop it. It is made of bytes, since a machine with nothing but Node has no assembler.
 */
const machineCode: Record<LauncherArchitecture, string> = {
  x64: `488b3c24488d74fc104889f34989f4488b064883c6084885c0743b488b142510024000
    4889c1803a0074e4448a0248ffc24584c07417443a01750548ffc1ebeb448a0248ffc24584c0
    75f5ebd64889034883c308ebb948c70300000000488b3c2518024000be180240004c89e2b83b
    0000000f05bf01000000488b3425080240 00488b142500024000b8010000000f05bf01000000
    b83c0000000f05`,
  arm64: `e00340f9e1430091210c008be20301aae30301aa0908a0d2094080f2248440f8e40100b4
    250940f9e60304aaa700403967ffff34a7144038e7000034c8144038ff00086b80ffff54a7144038
    e7ffff35f6ffff17648400f8f1ffff177f0000f9200d40f921610091a81b80d2010000d4200080d2
    210540f9220140f9080880d2010000d4200080d2a80b80d2010000d4`,
};

/** elf.h: EM_X86_64, EM_AARCH64 */
const machines: Record<LauncherArchitecture, number> = { x64: 62, arm64: 183 };

const base = 0x40_0000;
const headerSize = 64;
const programHeaderSize = 56;
const codeOffset = headerSize + 2 * programHeaderSize;
/** Where the code looks for its table. */
const tableOffset = 0x200;

/** A static ELF executable that replaces its environment and executes the command. Throws RangeError where the plan has a zero byte. */
export function buildLauncher(plan: LauncherPlan): Uint8Array {
  const code = Buffer.from(machineCode[plan.architecture].replaceAll(/\s/g, ''), 'hex');
  const table = buildTable(plan);
  const image = Buffer.alloc(tableOffset + table.length);
  elfHeader(machines[plan.architecture]).copy(image, 0);
  // PT_LOAD, readable and executable; PT_GNU_STACK, not executable.
  programHeader(1, 5, base, image.length).copy(image, headerSize);
  programHeader(0x6474e551, 6, 0, 0).copy(image, headerSize + programHeaderSize);
  code.copy(image, codeOffset);
  table.copy(image, tableOffset);
  return image;
}

export function machineCodeOf(architecture: LauncherArchitecture): Uint8Array {
  return Buffer.from(machineCode[architecture].replaceAll(/\s/g, ''), 'hex');
}

/** Message, prefixes and argument vector, as the code expects them; then the texts they point to. */
function buildTable({ command, keep, failure }: LauncherPlan): Buffer {
  const pointers = 3 + command.length + 1;
  const texts: Buffer[] = [];
  let end = base + tableOffset + pointers * 8;
  const place = (text: Buffer): bigint => {
    texts.push(text);
    end += text.length;
    return BigInt(end - text.length);
  };
  const message = Buffer.from(failure);
  const words = [
    BigInt(message.length),
    place(message),
    place(Buffer.concat([...keep.map(zeroEnded), Buffer.alloc(1)])),
    ...command.map((argument) => place(zeroEnded(argument))),
    0n,
  ];
  const head = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) head.writeBigUInt64LE(word, i * 8);
  return Buffer.concat([head, ...texts]);
}

/** How what every launcher says begins where it cannot execute the host: it is known by that. */
export const launcherMark = 'bulkhead: cannot execute';

function zeroEnded(text: string): Buffer {
  if (text.includes('\0')) throw new RangeError(`a path with a zero byte: ${JSON.stringify(text)}`);
  return Buffer.from(`${text}\0`);
}

/** Elf64_Ehdr (elf.h), little-endian, ET_EXEC. */
function elfHeader(machine: number): Buffer {
  const header = Buffer.alloc(headerSize);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(base + codeOffset), 24);
  header.writeBigUInt64LE(BigInt(headerSize), 32);
  header.writeUInt16LE(headerSize, 52);
  header.writeUInt16LE(programHeaderSize, 54);
  header.writeUInt16LE(2, 56);
  return header;
}

/** Elf64_Phdr (elf.h). */
function programHeader(type: number, flags: number, address: number, size: number): Buffer {
  const header = Buffer.alloc(programHeaderSize);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  header.writeBigUInt64LE(0n, 8);
  header.writeBigUInt64LE(BigInt(address), 16);
  header.writeBigUInt64LE(BigInt(address), 24);
  header.writeBigUInt64LE(BigInt(size), 32);
  header.writeBigUInt64LE(BigInt(size), 40);
  header.writeBigUInt64LE(0x1_0000n, 48);
  return header;
}
