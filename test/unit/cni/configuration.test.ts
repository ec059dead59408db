import { describe, expect, test } from 'vitest';
import { decodeCall, versionAnswer } from '../../../host/cni/call.ts';
import { canonicalConfiguration } from '../../../host/cni/canonical.ts';
import { decodeConfiguration } from '../../../host/cni/configuration.ts';
import { decodeEnvironment } from '../../../host/cni/environment.ts';
import { CniError } from '../../../host/cni/error.ts';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const supported = '["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]';

function decode(verb: string, stdin: unknown) {
  const attachment = { CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: '/p' };
  try {
    return decodeCall(decodeEnvironment({ CNI_COMMAND: verb, ...attachment }), bytes(stdin));
  } catch (error) {
    if (error instanceof CniError) return { code: error.code, msg: error.message, details: error.details };
    throw error;
  }
}

describe('the configuration of a call', () => {
  test.each([
    ['ADD', '', 6, 'error unmarshall network config: unexpected end of JSON input', ''],
    [
      'ADD',
      '[]',
      6,
      'error unmarshall network config: json: cannot unmarshal array into Go value of type types.NetConf',
      '',
    ],
    ['ADD', 'null', 7, 'missing network name', ''],
    ['ADD', { name: '' }, 7, 'missing network name', ''],
    ['ADD', { name: 'a b' }, 7, 'invalid characters found in network name', 'a b'],
    [
      'ADD',
      { name: 5 },
      6,
      'error unmarshall network config: json: cannot unmarshal number into Go struct field NetConf.name of type string',
      '',
    ],
    [
      'ADD',
      { name: 'n', cniVersion: '1.2.0' },
      1,
      'incompatible CNI versions',
      `config is "1.2.0", plugin supports ${supported}`,
    ],
    [
      'DEL',
      { name: 'n', cniVersion: 'x' },
      1,
      'incompatible CNI versions',
      `config is "x", plugin supports ${supported}`,
    ],
    ['CHECK', { name: 'n', cniVersion: '0.3.1' }, 1, 'config version does not allow CHECK', ''],
    ['CHECK', { name: 'n' }, 1, 'config version does not allow CHECK', ''],
    ['CHECK', { name: 'n', cniVersion: '2.0.0' }, 1, 'plugin version does not allow CHECK', ''],
    [
      'CHECK',
      { name: 'n', cniVersion: '0.5.0' },
      1,
      'incompatible CNI versions',
      `config is "0.5.0", plugin supports ${supported}`,
    ],
    ['GC', { name: 'n', cniVersion: '1.0.0' }, 1, 'config version does not allow GC', ''],
    ['STATUS', { name: 'n', cniVersion: '0.4.0' }, 1, 'config version does not allow STATUS', ''],
    ['NOPE', { name: 'n' }, 4, 'unknown CNI_COMMAND: NOPE', ''],
    ['NOPE', '{', 6, 'error unmarshall network config: unexpected end of JSON input', ''],
  ])('%s with %j', (verb, stdin, code, msg, details) => {
    expect(decode(verb, stdin)).toEqual({ code, msg, details });
  });

  test('a version that is none is a decoding failure where it has to be compared', () => {
    expect(decode('CHECK', { name: 'n', cniVersion: 'x' })).toMatchObject({ code: 6 });
  });

  test.each([
    ['ADD', undefined, '0.1.0'],
    ['ADD', '0.3.1', '0.3.1'],
    ['CHECK', '0.4.0', '0.4.0'],
    ['GC', '1.1.0', '1.1.0'],
  ])('%s in version %s', (verb, cniVersion, version) => {
    expect(decode(verb, { name: 'n', cniVersion })).toMatchObject({ verb, version });
  });

  test('a list of valid attachments is told from no list', () => {
    const valid = (value: unknown) =>
      decodeConfiguration(bytes({ name: 'n', 'cni.dev/valid-attachments': value })).validAttachments;
    expect(valid(undefined)).toBeUndefined();
    expect(valid(null)).toBeUndefined();
    expect(valid([])).toEqual([]);
    expect(valid([{ containerID: 'c', ifname: 'eth0' }])).toEqual([{ containerId: 'c', interfaceName: 'eth0' }]);
    expect(valid([null, {}])).toEqual([
      { containerId: '', interfaceName: '' },
      { containerId: '', interfaceName: '' },
    ]);
  });

  test.each([{}, 'c', 5, ['c'], [{ containerID: 5 }], [{ ifname: {} }]])(
    'a list of valid attachments is not %j',
    (value) => {
      expect(() => decodeConfiguration(bytes({ name: 'n', 'cni.dev/valid-attachments': value }))).toThrow(
        /cannot unmarshal .* NetConf\.cni\.dev\/valid-attachments/,
      );
    },
  );

  test('VERSION is answered without stdin', () => {
    expect(versionAnswer()).toBe(
      '{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}\n',
    );
  });
});

describe('the one reading of a configuration', () => {
  const schema = {
    properties: {
      isGateway: {},
      ipam: { properties: { ranges: { items: { items: { properties: { rangeStart: {} } } } } } },
    },
  };
  const canonical = (text: string) =>
    JSON.parse(canonicalConfiguration(decodeConfiguration(bytes(text)).document, schema).text);

  test('keys are spelled as in the schema, in arrays as well', () => {
    expect(canonical('{"Name":"n","ISGATEWAY":true,"ipam":{"ranges":[[{"RangeStart":"a"}]]}}')).toEqual({
      name: 'n',
      isGateway: true,
      ipam: { ranges: [[{ rangeStart: 'a' }]] },
    });
  });

  test('no key stands twice: the last wins', () => {
    expect(canonical('{"name":"n","isgateway":true,"isGateway":false,"x":1,"x":2,"X":3}')).toEqual({
      name: 'n',
      isGateway: false,
      x: 2,
      X: 3,
    });
  });

  test('the previous result is left out', () => {
    expect(canonical('{"name":"n","PrevResult":{}}')).toEqual({ name: 'n' });
  });

  test('numbers stay as they were written', () => {
    const { document } = decodeConfiguration(bytes('{"name":"n","big":9007199254740993}'));
    expect(canonicalConfiguration(document, schema).text).toBe('{"name":"n","big":9007199254740993}');
  });
});
