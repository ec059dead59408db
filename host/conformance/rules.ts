import type { Rule } from './check.ts';

function spec(place: string, sentence: string): Rule {
  return { sentence, source: `CNI specification 1.1.0, ${place}` };
}

function documented(place: string, sentence: string): Rule {
  return { sentence, source: `reference documentation, ${place}` };
}

const [parameters, errors] = ['section 2, Parameters', 'section 2, Errors'];
const [add, del, check] = ['section 2, ADD', 'section 2, DEL', 'section 2, CHECK'];
const [gc, status, version] = ['section 2, GC', 'section 2, STATUS', 'section 2, VERSION'];
const [result, errorObject] = ['section 5, ADD Success', 'section 5, Error'];
const [bridge, hostLocal, staticPlugin] = ['plugins/main/bridge', 'plugins/ipam/host-local', 'plugins/ipam/static'];

/** The sentences that the checks rest on, word for word. */
export const rules = {
  exitStatus: spec(errors, 'A plugin must exit with a return code of 0 on success, and non-zero on failure.'),
  errorOutput: spec(
    errors,
    'If the plugin encounters an error, it should output an "error" result structure (see below).',
  ),
  errorVersion: spec(
    errorObject,
    'Plugins should output a JSON object with the following keys if they encounter an error: `cniVersion`: The protocol version in use […]',
  ),
  errorCode: spec(errorObject, '`code`: A numeric error code, see below for reserved codes.'),
  incompatibleVersion: spec(errorObject, 'Error code 1: Incompatible CNI version'),
  unsupportedField: spec(
    errorObject,
    'Error code 2: Unsupported field in network configuration. The error message must contain the key and value of the unsupported field.',
  ),
  invalidEnvironment: spec(
    errorObject,
    'Error code 4: Invalid necessary environment variables, like CNI_COMMAND, CNI_CONTAINERID, etc. The error message must contain the names of invalid variables.',
  ),
  undecodable: spec(
    errorObject,
    'Error code 6: Failed to decode content. For example, failed to unmarshal network config from bytes or failed to decode version info from string.',
  ),
  invalidConfiguration: spec(
    errorObject,
    'Error code 7: Invalid network config. If some validations on network configs do not pass, this error will be raised.',
  ),
  networkName: spec(
    'section 1, Configuration format',
    '`name` (string): Network name. […] Must start with an alphanumeric character, optionally followed by any combination of one or more alphanumeric characters, underscore, dot (.) or hyphen (-).',
  ),
  containerId: spec(
    parameters,
    '`CNI_CONTAINERID`: Container ID. […] Must not be empty. Must start with an alphanumeric character, optionally followed by any combination of one or more alphanumeric characters, underscore (), dot (.) or hyphen (-).',
  ),
  interfaceName: spec(
    parameters,
    '`CNI_IFNAME`: Name of the interface to create inside the container; if the plugin is unable to use this interface name it must return an error.',
  ),
  namespace: spec(
    parameters,
    '`CNI_NETNS`: A reference to the container\'s "isolation domain". If using network namespaces, then a path to the network namespace (e.g. `/run/netns/[nsname]`)',
  ),
  ownNamespace: {
    sentence: "plugin's netns and netns from CNI_NETNS should not be the same",
    source: 'reference library, pkg/skel, error code 8',
  },
  extraArguments: spec(
    parameters,
    '`CNI_ARGS`: Extra arguments passed in by the user at invocation time. Alphanumeric key-value pairs separated by semicolons; for example, "FOO=BAR;ABC=123"',
  ),
  required: (verb: 'ADD' | 'CHECK' | 'DEL', variable: string) =>
    spec(`section 2, ${verb}`, `Required environment parameters: […] \`${variable}\``),
  optionalPath: spec(add, 'Optional environment parameters: `CNI_ARGS`, `CNI_PATH`'),
  createInterface: spec(
    add,
    'A CNI plugin, upon receiving an `ADD` command, should either create the interface defined by `CNI_IFNAME` inside the container at `CNI_NETNS`, or adjust the configuration of the interface defined by `CNI_IFNAME` inside the container at `CNI_NETNS`.',
  ),
  outputResult: spec(
    add,
    'If the CNI plugin is successful, it must output a result structure (see below) on standard out.',
  ),
  previousResult: spec(
    add,
    'If the plugin was supplied a `prevResult` as part of its input configuration, it MUST handle `prevResult` by either passing it through, or modifying it appropriately.',
  ),
  existingInterface: spec(
    add,
    'If an interface of the requested name already exists in the container, the CNI plugin MUST return with an error.',
  ),
  resultVersion: spec(result, '`cniVersion`: The same version supplied on input […]'),
  resultInterfaces: spec(
    result,
    '`interfaces`: An array of all interfaces created by the attachment, including any host-level interfaces',
  ),
  resultMac: spec(result, '`mac` (string): The hardware address of the interface (if applicable).'),
  resultSandbox: spec(
    result,
    '`sandbox` (string): The isolation domain reference (e.g. path to network namespace) for the interface, or empty if on the host. For interfaces created inside the container, this should be the value passed via `CNI_NETNS`.',
  ),
  resultAddresses: spec(result, '`ips`: IPs assigned by this attachment.'),
  resultInterfaceIndex: spec(
    result,
    '`interface` (uint): the index into the `interfaces` list for a CNI Plugin Result indicating which interface this IP configuration should be applied to.',
  ),
  resultRoutes: spec(result, '`routes`: Routes created by this attachment'),
  resultDns: spec(result, '`dns`: a dictionary consisting of DNS configuration information'),
  ipamResult: spec(
    'section 5, Delegated plugins (IPAM)',
    'Delegated IPAM plugins must return an abbreviated _Success_ object. Specifically, it is missing the `interfaces` array, as well as the `interface` entry in `ips`.',
  ),
  formats: {
    sentence: 'Otherwise, the plugin must return a CNI Result in the format requested.',
    source: 'CNI, How to upgrade to CNI specification 0.3.0 and later, For Plugin Authors',
  },
  unsupportedVersion: {
    sentence: "If the plugin doesn't support the version, the plugin must error.",
    source: 'CNI, How to upgrade to CNI specification 0.3.0 and later, For Plugin Authors',
  },
  absentVersion: {
    sentence:
      'If the `cniVersion` field is not present, then spec v0.2.0 should be assumed and v0.2.0 format result JSON returned.',
    source: 'CNI, How to upgrade to CNI specification 0.3.0 and later, For Plugin Authors',
  },
  introducedCheck: spec('Released versions', 'spec-v0.4.0: Introduce the CHECK command and passing prevResult on DEL'),
  introducedGc: {
    sentence:
      'This is libcni v1.2.0, which releases the new CNI spec version v1.1.0. Major changes: GC verb […] STATUS verb […]',
    source: 'CNI, release notes of v1.2.0',
  },
  repeatedDel: spec(
    del,
    'Plugins MUST accept multiple `DEL` calls for the same (`CNI_CONTAINERID`, `CNI_IFNAME`) pair, and return success if the interface in question, or any modifications added, are missing.',
  ),
  missingResources: spec(
    del,
    'Plugins should generally complete a `DEL` action without error even if some resources are missing.',
  ),
  releaseLease: spec(
    del,
    'For example, an IPAM plugin should generally release an IP allocation and return success even if the container network namespace no longer exists […]',
  ),
  cleanUpHost: spec(
    del,
    '[…] the `bridge` plugin should delegate the DEL action to the IPAM plugin and clean up its own resources even if the container network namespace and/or container network interface no longer exist.',
  ),
  undo: spec(
    del,
    "A CNI plugin, upon receiving a `DEL` command, should either delete the interface defined by `CNI_IFNAME` inside the container at `CNI_NETNS`, or undo any modifications applied in the plugin's `ADD` functionality",
  ),
  delWithoutPrevious: {
    sentence:
      'When `CNI_NETNS` and/or `prevResult` are not provided, the plugin should clean up as many resources as possible (e.g. releasing IPAM allocations) and return a successful response.',
    source: 'CNI specification 0.4.0, Parameters, DEL',
  },
  failedAdd: spec('section 3, Lifecycle & Ordering', 'A _delete_ must still be executed even if the _add_ fails.'),
  consultPrevious: spec(
    check,
    'The plugin must consult the `prevResult` to determine the expected interfaces and addresses.',
  ),
  allowLaterPlugins: spec(
    check,
    'The plugin must allow for a later chained plugin to have modified networking resources, e.g. routes, on `ADD`.',
  ),
  missingResource: spec(
    check,
    'The plugin should return an error if a resource included in the CNI Result type (interface, address or route) was created by the plugin, and is listed in `prevResult`, but is missing or in an invalid state.',
  ),
  untrackedResource: spec(
    check,
    'The plugin should return an error if other resources not tracked in the Result type such as the following are missing or are in an invalid state: Firewall rules […] IP reservations […]',
  ),
  unreachable: spec(
    check,
    'The plugin should return an error if it is aware of a condition where the container is generally unreachable.',
  ),
  checkAfterAdd: spec(
    check,
    'The plugin must handle `CHECK` being called immediately after an `ADD`, and therefore should allow a reasonable convergence delay for any asynchronous resources.',
  ),
  checkDelegates: spec(
    check,
    'The plugin should call `CHECK` on any delegated (e.g. IPAM) plugins and pass any errors on to its caller.',
  ),
  checkOutput: {
    sentence: 'The plugin must return either nothing or an error.',
    source: 'CNI specification 0.4.0, Parameters, CHECK',
  },
  ready: spec(
    status,
    'A plugin must exit with a zero (success) return code if the plugin is ready to service ADD requests.',
  ),
  exhausted: spec(
    status,
    '[…] if a plugin has a limited number of resources (e.g. IP addresses, hardware queues), it should return an error if those resources are exhausted and no new `ADD` requests can be serviced.',
  ),
  statusDelegates: spec(
    status,
    'If a plugin relies on a delegated plugin (e.g. IPAM) to service `ADD` requests, it must also execute a `STATUS` request to that plugin when it receives a `STATUS` request for itself. If the delegated plugin return an error result, the executing plugin should return an error result.',
  ),
  statusInput: spec(status, 'Optional environment parameters: `CNI_PATH`'),
  statusPreventsNothing: spec(
    status,
    'Plugins should always expect other CNI operations (like `ADD`, `DEL`, etc) even if `STATUS` returns an error. `STATUS` does not prevent other runtime requests.',
  ),
  removeStale: spec(
    gc,
    'For example, a plugin should remove any IPAM reservations associated with attachments not in the provided list.',
  ),
  keepValid: spec(
    gc,
    '`cni.dev/valid-attachments` (array of objects): The list of **still valid** attachments to this network',
  ),
  gcOtherNetworks: spec(
    gc,
    'The GC command provides a way for runtimes to specify the expected set of attachments to a network. The network plugin may then remove any resources related to attachments that do not exist in this set.',
  ),
  gcDelegates: spec(
    gc,
    'Plugins MUST, additionally, forward any GC calls to delegated plugins they are configured to use (see section 4).',
  ),
  gcOutput: spec(gc, 'No output on success, "error" result structure on error.'),
  gcInput: spec(gc, 'Required environment parameters: `CNI_COMMAND`, `CNI_PATH`'),
  gcWithoutError: spec(gc, 'Plugins should generally complete a `GC` action without error.'),
  versionInput: spec(version, 'Required environment parameters: `CNI_COMMAND`'),
  versionObject: spec(
    version,
    'Input: A json-serialized object, with the following key: `cniVersion`: The version of the protocol in use.',
  ),
  versionResult: spec(
    'section 5, VERSION Success',
    'Plugins must output a JSON object with the following keys upon a `VERSION` operation: […] `supportedVersions`: A list of supported specification versions',
  ),
  versionEcho: spec('section 5, VERSION Success', '`cniVersion`: The value of `cniVersion` specified on input'),
  otherFields: spec(
    'section 1, Other keys',
    'Plugins may define additional fields that they accept and may generate an error if called with unknown fields.',
  ),
  compatible: spec(
    'section 1, Version considerations',
    'The CNI protocol follows Semantic Versioning principles, so the configuration format MUST remain backwards and forwards compatible within major versions.',
  ),
  concurrency: spec(
    'section 3, Lifecycle & Ordering',
    'Plugins must handle being executed concurrently across different containers. If necessary, they must implement locking on shared resources (e.g. IPAM databases).',
  ),
  severalAttachments: spec(
    add,
    'This implies that a given container ID may be added to a specific network more than once only if each addition is done with a different interface name.',
  ),
  delegatedError: spec(
    'section 4, Delegated plugin execution procedure',
    'If any of the delegated plugins return error, error should be returned by the upper plugin.',
  ),
  ignoreArgs: {
    sentence:
      "Runtimes can place additional data in `args` and plugins that don't understand that data should just ignore it.",
    source: 'CNI conventions, "args" in network config',
  },
  loopback: documented('plugins', '`loopback`: Set the state of loopback interface to up.'),
  bridgeConnects: documented(
    bridge,
    'The containers receive one end of the veth pair with the other end connected to the bridge.',
  ),
  bridgeCreates: documented(bridge, 'If the bridge is missing, the plugin will create one on first use […]'),
  bridgeGateway: documented(bridge, '`isGateway` (boolean, optional): assign an IP address to the bridge.'),
  bridgeDefaultGateway: documented(
    bridge,
    '`isDefaultGateway` (boolean, optional): Sets isGateway to true and makes the assigned IP the default route.',
  ),
  bridgeMasquerade: documented(
    bridge,
    '`ipMasq` (boolean, optional): set up IP Masquerade on the host for traffic originating from this network and destined outside of it.',
  ),
  bridgeForceAddress: documented(
    bridge,
    '`forceAddress` (boolean, optional): Indicates if a new IP address should be set if the previous value has been changed. Defaults to false.',
  ),
  bridgeMtu: documented(bridge, '`mtu` (integer, optional): explicitly set MTU to the specified value.'),
  bridgeHairpin: documented(
    bridge,
    '`hairpinMode` (boolean, optional): set hairpin mode for interfaces on the bridge.',
  ),
  bridgePromiscuous: documented(bridge, '`promiscMode` (boolean, optional): set promiscuous mode on the bridge.'),
  bridgeVlan: documented(bridge, '`vlan` (int, optional): assign VLAN tag.'),
  bridgeLayer2: documented(bridge, '`ipam` […]: For L2-only network, create empty dictionary.'),
  bridgeMac: documented(bridge, '`MAC`: request a specific MAC address for the interface'),
  bridgeMacCapability: documented(bridge, '`mac`: Pass MAC addresses for CNI interface'),
  hostLocalUnique: documented(
    hostLocal,
    'It stores the state locally on the host filesystem, therefore ensuring uniqueness of IP addresses on a single host.',
  ),
  hostLocalRanges: documented(
    hostLocal,
    'That is to say, the length of the top-level array is the number of addresses returned.',
  ),
  hostLocalStart: documented(
    hostLocal,
    '`rangeStart` (string, optional): IP inside of "subnet" from which to start allocating addresses. […] `rangeEnd` (string, optional): IP inside of "subnet" with which to end allocating addresses.',
  ),
  hostLocalGateway: documented(
    hostLocal,
    '`gateway` (string, optional): IP inside of "subnet" to designate as the gateway. Defaults to ".1" IP inside of the "subnet" block.',
  ),
  hostLocalRoutes: documented(
    hostLocal,
    '`routes` (string, optional): list of routes to add to the container namespace.',
  ),
  hostLocalResolver: documented(
    hostLocal,
    '`resolvConf` (string, optional): Path to a `resolv.conf` on the host to parse and return as the DNS configuration',
  ),
  hostLocalFiles: documented(
    hostLocal,
    'Allocated IP addresses are stored as files in `/var/lib/cni/networks/$NETWORK_NAME`. The path can be customized with the `dataDir` option listed above.',
  ),
  hostLocalRequested: documented(
    hostLocal,
    'For every requested custom IP, the `host-local` allocator will request that IP if it falls within one of the `range` objects.',
  ),
  hostLocalUnavailable: documented(
    hostLocal,
    'If any requested IPs cannot be reserved, either because they are already in use or are not part of a specified range, the plugin will return an error.',
  ),
  hostLocalRangesCapability: documented(
    hostLocal,
    '`ipRanges`: The exact same as the `ranges` array - a list of address pools',
  ),
  hostLocalSubnet: documented(hostLocal, '`subnet` (string, required): CIDR block to allocate out of.'),
  staticAddresses: documented(
    staticPlugin,
    '`addresses` (array, optional): an array of ip address objects: `address` (string, required): CIDR notation IP address.',
  ),
  staticRoutes: documented(staticPlugin, '`routes` (string, optional): list of routes add to the container namespace.'),
  staticDns: documented(
    staticPlugin,
    '`dns` (string, optional): the dictionary with "nameservers", "domain" and "search".',
  ),
  staticArguments: documented(
    staticPlugin,
    '`IP`: request a specific CIDR notation IP addresses, comma separated. `GATEWAY`: request a specific gateway address',
  ),
  ipsCapability: {
    sentence:
      'Dynamically allocate IPs for container interface. Runtime which has the ability of address allocation can pass these to plugins.',
    source: 'CNI conventions, capability `ips`',
  },
} as const;
