import base from '../../jest.config.mjs';

/** `npm test`: see together.ts. */
export default {
  ...base,
  rootDir: '../..',
  testRegex: ['/test/together/part-\\d+\\.ts$', '/test/(statements|public-surface)\\.spec\\.ts$'],
};
