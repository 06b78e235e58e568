/** Below Node 24.9 Jest cannot `require` ESM, so swc compiles the library and what it needs. */
const esm = ['nest-sms-otp', '@nestjs/mapped-types', 'uuid', '@scure', '@noble'];

/** @type {import('jest').Config} */
module.exports = {
  roots: ['<rootDir>/test'],
  testRegex: '\\.test\\.ts$',
  testTimeout: 60_000,
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(.*/)?(${esm.join('|')})/)`],
};
