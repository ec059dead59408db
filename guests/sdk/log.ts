// What the plugin has to say to whoever runs the node. The host escapes it, and has a limit for how much.

import { Level, write } from 'wit/cni/log';

export function debug(message: string): void {
  write(Level.Debug, message);
}

export function info(message: string): void {
  write(Level.Info, message);
}

export function warn(message: string): void {
  write(Level.Warn, message);
}

export function error(message: string): void {
  write(Level.Error, message);
}
