import { join } from 'node:path';

/** @type {import('./index.mjs').Contender} */
export const tutorialExpress = {
  title: "the tutorial's Express (no database)",
  script: join(import.meta.dirname, '..', 'servers', 'tutorial-express.mjs'),
  env: {},
  conversation: 'pages',
  ledgerKey: 'providerRequestId',
};
