import { CniError, errorCodes } from './error.ts';

/** Of the specification, oldest first: all that there are. */
export const supportedVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type SpecVersion = (typeof supportedVersions)[number];

/** What an absent or empty `cniVersion` means. */
export const defaultVersion: SpecVersion = '0.1.0';

/** Verbs that came after 0.1.0, and the version they came with. */
const since = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' } as const;

function isSupported(version: string): version is SpecVersion {
  return (supportedVersions as readonly string[]).includes(version);
}

/**
 * That the configured version has the verb, and that it is one of ours; with the reference's order, codes and texts
 * (containernetworking/cni pkg/skel). Throws CniError.
 */
export function assertVersion(verb: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS', version: string): SpecVersion {
  if (verb !== 'ADD' && verb !== 'DEL') {
    if (compareVersions(version, since[verb]) < 0) {
      throw new CniError(errorCodes.incompatibleVersion, `config version does not allow ${verb}`);
    }
    if (supportedVersions.every((supported) => compareVersions(supported, version) < 0)) {
      throw new CniError(errorCodes.incompatibleVersion, `plugin version does not allow ${verb}`);
    }
  }
  if (isSupported(version)) return version;
  const list = supportedVersions.map((supported) => `"${supported}"`).join(' ');
  const details = `config is "${version}", plugin supports [${list}]`;
  throw new CniError(errorCodes.incompatibleVersion, 'incompatible CNI versions', details);
}

/** Negative, zero or positive. Throws CniError `decodingFailure` where a version is not up to three numbers with dots. */
function compareVersions(left: string, right: string): number {
  const [a, b] = [parse(left), parse(right)];
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parse(version: string): number[] {
  const parts = version.split('.');
  if (parts.length <= 3 && parts.every((part) => /^\d{1,9}$/.test(part))) return parts.map(Number);
  throw new CniError(
    errorCodes.decodingFailure,
    `failed to parse version "${version}": it is not three numbers with dots`,
  );
}
