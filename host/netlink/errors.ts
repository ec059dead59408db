import { errnoText } from '../system/errno.ts';
import type { Acknowledgement } from './acknowledgement.ts';

/** The kernel refused a request. The message has its words: `file exists (bridge: port is isolated)`. */
export class NetlinkRefusal extends Error {
  override readonly name = 'NetlinkRefusal';
  readonly acknowledgement: Acknowledgement;

  constructor(acknowledgement: Acknowledgement) {
    const { errno, text } = acknowledgement;
    super(text ? `${errnoText(errno)} (${text})` : errnoText(errno));
    this.acknowledgement = acknowledgement;
  }
}

/** The deadline passed before the kernel answered. Whether the request took effect is not known; the socket is of no more use. */
export class NetlinkTimeout extends Error {
  override readonly name = 'NetlinkTimeout';

  constructor() {
    super('no answer of the kernel before the deadline');
  }
}

/** ENOBUFS: the kernel had to drop messages for this socket, among them maybe an answer. */
export class NetlinkOverrun extends Error {
  override readonly name = 'NetlinkOverrun';

  constructor(options?: ErrorOptions) {
    super('the kernel dropped messages, since the receive buffer of the socket is full', options);
  }
}

/** A dump was torn by changes (NLM_F_DUMP_INTR) each time it was asked for. */
export class NetlinkUnsteadyDump extends Error {
  override readonly name = 'NetlinkUnsteadyDump';

  constructor(attempts: number) {
    super(`what the kernel listed changed while it was being listed, ${attempts} times in a row`);
  }
}
