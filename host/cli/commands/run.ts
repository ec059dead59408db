import { answer } from '../../calls/answer.ts';
import { stderrLog } from '../../calls/log.ts';
import type { Node } from '../../calls/node.ts';
import { openLinuxKernel } from '../../kernel/linux/linux-kernel.ts';
import { describeOperation } from '../../operations/operation.ts';
import { requireInstalled } from '../installed.ts';
import { openNode, openTrust } from '../node.ts';
import { print, readStdin } from '../standard-streams.ts';

/** Answers one call as the installed executable would, and shows on stderr what the plugin logs and what it changes. */
export async function runCommand(type: string, { root }: { readonly root: string }): Promise<void> {
  const { layout } = requireInstalled(root);
  const log = stderrLog((text) => process.stderr.write(text), true);
  const trust = await openTrust(layout);
  let node: Node | undefined;
  const open = () => {
    const opened = openNode(layout, openLinuxKernel(), trust, log);
    node = {
      ...opened,
      observe: (stage, operation) => {
        if (stage === 'apply') log('debug', describeOperation(operation));
      },
    };
    return node;
  };
  print(answer({ type, environment: process.env, readStdin }, open));
  node?.kernel.close();
}
