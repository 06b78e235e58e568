import { application, applicationWithoutRules } from './application.mjs';
import { betterAuth, betterAuthAsItComes } from './better-auth.mjs';
import { expressPg } from './express-pg.mjs';
import { tutorialExpress } from './tutorial-express.mjs';

/**
 * @typedef {object} Contender
 * @property {string} title
 * @property {(url: string) => Promise<unknown>} [prepare] makes its tables; without it, it has no database
 * @property {string} script started with PORT, DATABASE_URL and VONAGE_*
 * @property {Record<string, string>} env
 * @property {keyof typeof import('../conversations.mjs').CONVERSATIONS} conversation
 * @property {string} [verifiedRows] a `key` per verification since $1 that it has written down as successful
 * @property {'providerRequestId' | 'to'} ledgerKey what that key is in the ledger
 */

/** @type {Record<string, Contender>} */
export const CONTENDERS = {
  application,
  'better-auth-as-it-comes': betterAuthAsItComes,
  'express-pg': expressPg,
  'application-without-rules': applicationWithoutRules,
  'better-auth': betterAuth,
  'tutorial-express': tutorialExpress,
};
