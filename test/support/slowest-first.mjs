import Sequencer from '@jest/test-sequencer';

/** Suites of `npm run test:system` that take a minute or more. Begun last, each would keep one worker busy while the others have nothing left. */
const SLOWEST = ['start-up', '.browser-spec'];

/** The order on a machine that has never run the tests. Afterwards Jest knows how long each suite takes. */
export default class SlowestFirst extends (Sequencer.default ?? Sequencer) {
  sort(tests) {
    const sorted = super.sort(tests);
    if (tests.some(({ duration }) => duration !== undefined)) return sorted;
    const rank = ({ path }) => {
      const index = SLOWEST.findIndex((name) => path.includes(name));
      return index < 0 ? SLOWEST.length : index;
    };
    return [...sorted].sort((one, other) => rank(one) - rank(other));
  }
}
