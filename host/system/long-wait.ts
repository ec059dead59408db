let before: (() => void) | undefined;

/** Has this called, in this thread, each time before it is going to wait for something that others could use its processor for. */
export function onLongWait(notice: () => void): void {
  before = notice;
}

/** To be said before a system call that may take milliseconds without computing anything. */
export function beforeLongWait(): void {
  before?.();
}
