import { parentPort, workerData } from 'node:worker_threads';
import { UnixListener } from '../../../host/system/unix-listener.ts';

/** A thread of the listener's test: says `listening`, then `accepted` for each connection; ends after one that says `end`. */
const { fd } = workerData as { readonly fd: number };
using listener = new UnixListener(fd);
parentPort?.postMessage('listening');
for (let said = ''; said !== 'end'; ) {
  using connection = listener.accept(10);
  const bytes = new Uint8Array(3);
  connection.receive(bytes);
  said = Buffer.from(bytes).toString();
  parentPort?.postMessage(said);
}
