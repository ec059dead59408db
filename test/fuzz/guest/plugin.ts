// A plugin that makes so many host calls, of a kind that follows from the seed. For what is granted to it and what is not, see policy.yaml.

import { Configuration } from 'bulkhead-sdk/configuration';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { below, once, seed } from 'guest/dice';
import { leave, lies, outrage, truth } from 'guest/endings';
import { begin, step } from 'guest/steps';
import { learnWords } from 'guest/words';
import { Outcome } from 'wit/cni/types';

class Fuzz extends Plugin {
  add(call: Call): Outcome {
    const path = run(call.config, 'steps', 'ADD');
    const ending = call.config.text('ending');
    if (ending == 'lies') return lies(path);
    if (ending == 'failure') leave();
    if (ending == 'outrage') for (let i = 0; i < 8; i++) outrage();
    return truth(path);
  }

  del(call: Call): void {
    run(call.config, 'delSteps', 'DEL');
  }

  check(call: Call): void {
    run(call.config, 'checkSteps', 'CHECK');
  }

  status(config: Configuration): void {
    run(config, 'checkSteps', 'STATUS');
  }
}

/** Gives the path of its own sandbox. */
function run(config: Configuration, steps: string, verb: string): string {
  seed(<u64>config.integer('seed') * 4 + verb.length);
  learnWords(config);
  const count = <i32>config.integer(steps);
  if (count == 0) return config.text('sandbox');
  begin(config.flag('gentle'));
  const outrageous = config.text('ending') == 'outrage' && once(2) ? below(count) : count;
  for (let i = 0; i < count; i++) {
    if (<u32>i == outrageous) outrage();
    step();
  }
  return config.text('sandbox');
}

export function plugin(): Plugin {
  return new Fuzz();
}
