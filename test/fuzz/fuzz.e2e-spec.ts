import { fuzz } from './fuzz.js';

// FUZZ_SEED and FUZZ_PATH, as a failure prints them, send the same requests again. 100,000 of them: test/chaos/fuzz.
const RUNS = 2000;

describe('whatever is sent', () => {
  it(`is answered without a 500, and what is refused is not half done: ${RUNS} requests to every route`, () =>
    fuzz(RUNS));
});
