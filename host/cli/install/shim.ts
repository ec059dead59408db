import { launcherMark } from './launcher.ts';

/** Where native/shim has its configuration: this, then a count and texts; so many bytes in all. */
const magic = Buffer.from('BULKHEAD-SHIM-CONFIG-1\0');
const size = 8192;

export interface ShimPlan {
  /** The CNI type that the executable stands for. */
  readonly type: string;
  /** Of the daemon. */
  readonly socket: string;
  /** What is executed without a daemon: absolute path of the program, and its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Printed to stdout where that cannot be executed either; the exit status is 1 then. Has the mark of a launcher in it. */
  readonly failure: string;
}

/** The executable that cargo built, with its configuration. Throws RangeError for texts that do not fit, TypeError where it is no shim. */
export function configureShim(built: Uint8Array, { type, socket, command, failure }: ShimPlan): Uint8Array {
  const image = Buffer.from(built);
  const at = image.indexOf(magic);
  if (at < 0 || image.indexOf(magic, at + 1) >= 0)
    throw new TypeError('there is no place for a configuration in the shim');
  if (!failure.includes(launcherMark)) throw new RangeError('what a shim says when it fails is what it is known by');
  const texts = [type, socket, failure, ...command];
  if (texts.some((text) => text.includes('\0'))) throw new RangeError('a text with a zero byte');
  const count = Buffer.alloc(2);
  count.writeUInt16LE(texts.length);
  const config = Buffer.concat([magic, count, ...texts.map((text) => Buffer.from(`${text}\0`))]);
  if (config.length > size) throw new RangeError(`a shim has room for ${size} bytes of configuration`);
  config.copy(image, at);
  return image;
}
