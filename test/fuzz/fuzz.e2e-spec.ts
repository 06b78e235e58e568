import { fuzz } from './fuzz.js';

// FUZZ_SEED and FUZZ_PATH, as a failure prints them, send the same requests again. 100,000 of them: test/chaos/fuzz.
// 2,000 in all: parts have time enough on a busy machine too.
const RUNS = 500;

describe('whatever is sent', () => {
  it.each([1, 2, 3, 4])(
    `is answered without a 500, and what is refused is not half done: ${RUNS} requests to every route (%i of 4)`,
    () => fuzz(RUNS),
  );
});
