import { fuzz } from '../fuzz/fuzz.js';

const RUNS = 100_000;

describe('whatever is sent', () => {
  it(
    `is answered without a 500, and what is refused is not half done: ${RUNS} requests to every route`,
    () => fuzz(RUNS),
    60 * 60_000,
  );
});
