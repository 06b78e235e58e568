import base from '../../jest.config.mjs';

/** `npm run test:chaos`: attacks on a running system of several processes. One at a time: each wants the machine. */
export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/chaos'],
  testRegex: '\\.chaos-spec\\.ts$',
  maxWorkers: 1,
};
