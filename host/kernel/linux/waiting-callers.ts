import { fstatSync } from 'node:fs';
import { NetlinkConnection } from '../../netlink/connection.ts';
import { KernelNetlinkSocket } from '../../netlink/socket.ts';
import {
  AF_UNIX,
  anyCookie,
  NETLINK_SOCK_DIAG,
  SOCK_DIAG_BY_FAMILY,
  UDIAG_SHOW_RQLEN,
  unixSocketAnswer,
  unixSocketRequest,
} from '../../netlink/unix-diag.ts';
import { Deadline } from '../../system/deadline.ts';

/**
 * How many have connected to a unix socket that listens and were not accepted yet. Undefined where the kernel does not tell
 * (CONFIG_UNIX_DIAG), or the socket is of another network namespace than the thread.
 */
export function waitingCallers(listening: number): number | undefined {
  let connection: NetlinkConnection | undefined;
  try {
    connection = new NetlinkConnection(new KernelNetlinkSocket(NETLINK_SOCK_DIAG));
    const payload = unixSocketRequest.encode({
      family: AF_UNIX,
      states: 0xffff_ffff,
      inode: fstatSync(listening).ino,
      show: UDIAG_SHOW_RQLEN,
      ...anyCookie,
    });
    const request = { type: SOCK_DIAG_BY_FAMILY, payload };
    return connection.find(request, unixSocketAnswer, [], Deadline.in(1000))?.queues?.waiting;
  } catch {
    return undefined;
  } finally {
    connection?.close();
  }
}
