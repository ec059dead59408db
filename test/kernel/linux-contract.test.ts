import { describe } from 'vitest';
import { describeContract } from './contract.ts';
import { makeLinuxWorld } from './linux-world.ts';
import { missingPrivileges } from './namespace.ts';

const reason = missingPrivileges();

describe.skipIf(reason !== undefined)(`the kernel of this machine${reason ? ` (${reason})` : ''}`, () =>
  describeContract(makeLinuxWorld),
);
