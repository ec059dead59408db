import { expect } from 'bulkhead-sdk/failure';
import { Netns } from 'wit/net/namespaces';
import { open } from 'wit/net/sandbox';

/** The container's network namespace, where it has to be there: always in ADD and CHECK. */
export function openSandbox(): Netns {
  return expect<Netns>(open(), 'the network namespace of the container is not there');
}
