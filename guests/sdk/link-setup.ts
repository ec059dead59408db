// Several changes of one link, in one call to the host: settings, addresses, one change, routes, in this order.

import { Result, Some } from 'bulkhead-sdk/abi/values';
import { fail } from 'bulkhead-sdk/failure';
import * as log from 'bulkhead-sdk/log';
import { LinkChange } from 'wit/net/link-control';
import { apply, NewAddress, PartFailure, PartTag, Setting, Setup } from 'wit/net/link-setup';
import { Netns } from 'wit/net/namespaces';
import { Route } from 'wit/net/routes';
import { IpPrefix } from 'wit/net/types';

/** What is to become of a link. Each `attempt` goes before the reason where that part fails. */
export class LinkSetup {
  private setup: Setup = new Setup();
  private settingAttempts: string[] = [];
  private addressAttempts: string[] = [];
  private changeAttempt: string = '';
  private routeAttempts: string[] = [];

  constructor(
    private ns: Netns,
    private index: u32,
  ) {}

  /** Writes the value if the kernel has the setting: it may be built or started without IPv6. */
  trySetting(key: string, value: string): void {
    this.addSetting(key, value, true, '');
  }

  setting(key: string, value: string, attempt: string): void {
    this.addSetting(key, value, false, attempt);
  }

  address(prefix: IpPrefix, attempt: string): void {
    const address = new NewAddress();
    address.prefix = prefix;
    this.setup.addresses.push(address);
    this.addressAttempts.push(attempt);
  }

  /** All that is to change; a second one takes the place of the first. */
  change(change: LinkChange, attempt: string): void {
    this.setup.change = change;
    this.changeAttempt = attempt;
  }

  route(route: Route, attempt: string): void {
    this.setup.routes.push(route);
    this.routeAttempts.push(attempt);
  }

  /** Has it done, or is out with the attempt of the part that failed. What comes after that is a setup of its own. */
  apply(): void {
    if (this.isEmpty()) return;
    const applied = apply(this.ns, this.index, this.setup);
    if (applied.failed) fail(`${this.attemptOf(applied.error)}: ${applied.error.fault.message}`);
    for (let i = 0; i < applied.value.length; i++) {
      const leftOut = applied.value[i];
      log.debug(`${this.setup.settings[leftOut.part.setting].key} stays as it is: ${leftOut.fault.message}`);
    }
    this.setup = new Setup();
    this.settingAttempts = [];
    this.addressAttempts = [];
    this.routeAttempts = [];
  }

  private isEmpty(): bool {
    const setup = this.setup;
    return setup.settings.length + setup.addresses.length + setup.routes.length === 0 && setup.change === null;
  }

  private addSetting(key: string, value: string, optional: bool, attempt: string): void {
    const setting = new Setting();
    setting.key = key;
    setting.value = value;
    setting.optional = optional;
    this.setup.settings.push(setting);
    this.settingAttempts.push(attempt);
  }

  private attemptOf(failure: PartFailure): string {
    const part = failure.part;
    switch (part.tag) {
      case PartTag.Setting:
        return this.settingAttempts[part.setting];
      case PartTag.Address:
        return this.addressAttempts[part.address];
      case PartTag.Route:
        return this.routeAttempts[part.route];
      default:
        return this.changeAttempt;
    }
  }
}
