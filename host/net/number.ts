import { formatIp, type IpAddress, type IpFamily, ipBytes } from './ip.ts';

/** The address as an unsigned number of 32 or 128 bits. */
export function ipNumber(address: IpAddress): bigint {
  return ipBytes(address).reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The address of that number. Throws RangeError where the family has no such number. */
export function ipFromNumber(number: bigint, family: IpFamily): IpAddress {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  let rest = number;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new RangeError(`${number} is not an IPv${family} address`);
  return formatIp(bytes);
}
