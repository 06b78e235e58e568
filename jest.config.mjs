// CommonJS mode on purpose: Jest's ESM mode cannot load Nest 12. swc turns our sources, Nest's and uuid's into CommonJS.
const swc = {
  swcrc: false,
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};
const swcForJavaScript = { ...swc, jsc: { target: 'es2023', parser: { syntax: 'ecmascript' } } };

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testRegex: '\\.((e2e|browser|processes)-)?spec\\.ts$',
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // The examples import the library as its users do; here it is the source.
    '^nest-sms-otp$': '<rootDir>/src/index.ts',
    '^nest-sms-otp/testing$': '<rootDir>/src/testing/index.ts',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', swc],
    '^.+\\.m?js$': ['@swc/jest', swcForJavaScript],
  },
  transformIgnorePatterns: ['/node_modules/(?!(.*/)?(@nestjs|uuid|@scure|@noble|pixelmatch)/)'],
  testSequencer: '<rootDir>/test/support/slowest-first.mjs',
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Suites wait for processes and browsers more than they compute.
  maxWorkers: 3,
  // Far more than any test takes by itself, so that other work on the machine fails none.
  testTimeout: 180_000,
};
