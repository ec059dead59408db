import type { LogLevel } from '../interfaces/session.ts';

/** Where log lines go. The text has been escaped. */
export type Log = (level: LogLevel, line: string) => void;

/** Text of a guest, or of anybody else's, on one line and without anything that a terminal would obey. */
export function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => {
    const code = c.codePointAt(0) ?? 0;
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Warnings and errors to stderr, which the specification leaves free for logs; `verbose` for all that plugins say. */
export function stderrLog(write: (text: string) => void, verbose = false): Log {
  return (level, line) => {
    if (verbose || level === 'warn' || level === 'error') write(`bulkhead: ${level}: ${escapeControls(line)}\n`);
  };
}
