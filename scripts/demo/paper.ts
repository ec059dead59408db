import { paint } from '../../host/cli/terminal.ts';

/** What the demo prints. */
export function title(text: string): void {
  console.log(`\n${paint(['bold', 'cyan'], text)}`);
}

export function line(text: string): void {
  console.log(`  ${text}`);
}

export function good(text: string): void {
  line(`${paint('green', '✓')} ${text}`);
}

export function bad(text: string): void {
  line(`${paint('red', '✗')} ${text}`);
  process.exitCode = 1;
}

export function faint(text: string): string {
  return paint('gray', text);
}

/** A document as a runtime gets it, indented under what was said. */
export function document(text: string): void {
  for (const one of text.split('\n')) line(`  ${faint(one)}`);
}

/** Says whether something came out as it should. */
export function verdict(holds: boolean, text: string): void {
  (holds ? good : bad)(text);
}
