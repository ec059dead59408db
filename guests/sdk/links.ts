// Looking at links.

import { expect, orFail } from 'bulkhead-sdk/failure';
import { byIndex, byName, Link } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';

/** Null where there is none of that name. */
export function findLink(ns: Netns, name: string): Link | null {
  return orFail(byName(ns, name), `failed to lookup "${name}"`);
}

export function lookUpLink(ns: Netns, name: string): Link {
  return expect<Link>(findLink(ns, name), `failed to lookup "${name}": Link not found`);
}

/** Null where there is none of that index. */
export function findLinkAt(ns: Netns, index: u32): Link | null {
  return orFail(byIndex(ns, index), `failed to lookup interface ${index}`);
}
