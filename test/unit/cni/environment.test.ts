import { describe, expect, test } from 'vitest';
import { decodeEnvironment } from '../../../host/cni/environment.ts';
import { CniError } from '../../../host/cni/error.ts';

const add = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/a',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
};

function faultOf(environment: Record<string, string | undefined>) {
  try {
    decodeEnvironment(environment);
  } catch (error) {
    if (error instanceof CniError) return { code: error.code, msg: error.message, details: error.details };
    throw error;
  }
  return undefined;
}

describe('the environment of a call', () => {
  test.each([
    [
      'all that ADD needs is missing',
      { CNI_COMMAND: 'ADD' },
      'required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing',
      '',
    ],
    [
      'DEL needs no namespace',
      { ...add, CNI_COMMAND: 'DEL', CNI_NETNS: '', CNI_PATH: '' },
      'required env variables [CNI_PATH] missing',
      '',
    ],
    ['GC and STATUS need the path', { CNI_COMMAND: 'GC' }, 'required env variables [CNI_PATH] missing', ''],
    [
      'an empty variable is a missing one',
      { ...add, CNI_IFNAME: '' },
      'required env variables [CNI_IFNAME] missing',
      '',
    ],
    [
      'an invalid id wins over what is missing',
      { ...add, CNI_CONTAINERID: 'a/b', CNI_NETNS: '' },
      'invalid characters in containerID',
      'a/b',
    ],
    [
      'an id starts with a letter or digit',
      { ...add, CNI_CONTAINERID: '-a' },
      'invalid characters in containerID',
      '-a',
    ],
    ['an id does not end in a newline', { ...add, CNI_CONTAINERID: 'a\n' }, 'invalid characters in containerID', 'a\n'],
    [
      '16 bytes are too many for a link',
      { ...add, CNI_IFNAME: 'x'.repeat(16) },
      'interface name is too long',
      'interface name should be less than 16 characters',
    ],
    [
      'length counts bytes',
      { ...add, CNI_IFNAME: 'é'.repeat(8) },
      'interface name is too long',
      'interface name should be less than 16 characters',
    ],
    ['dot is no name', { ...add, CNI_IFNAME: '.' }, 'interface name is . or ..', ''],
    ['two dots are no name', { ...add, CNI_IFNAME: '..' }, 'interface name is . or ..', ''],
    ['a slash', { ...add, CNI_IFNAME: 'a/b' }, 'interface name contains / or : or whitespace characters', ''],
    ['a colon', { ...add, CNI_IFNAME: 'a:b' }, 'interface name contains / or : or whitespace characters', ''],
    ['white space', { ...add, CNI_IFNAME: 'a b' }, 'interface name contains / or : or whitespace characters', ''],
  ])('%s', (_, environment, msg, details) => {
    expect(faultOf(environment)).toEqual({ code: 4, msg, details });
  });

  test.each(['ADD', 'CHECK', 'DEL', 'GC', 'STATUS', 'VERSION', 'NOPE', ''])(
    'a complete one for %s is accepted',
    (verb) => {
      expect(faultOf({ ...add, CNI_COMMAND: verb })).toBeUndefined();
    },
  );

  test('VERSION needs nothing', () => {
    expect(decodeEnvironment({ CNI_COMMAND: 'VERSION' }).verb).toBe('VERSION');
  });

  test.each([
    ['1', true],
    ['true', true],
    ['TRUE', true],
    ['yes', false],
    ['', false],
  ])('CNI_NETNS_OVERRIDE=%j', (value, allowed) => {
    expect(decodeEnvironment({ ...add, CNI_NETNS_OVERRIDE: value }).mayBeOwnNamespace).toBe(allowed);
  });
});
