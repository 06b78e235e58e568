import { join } from 'node:path';
import pg from 'pg';
import { SCHEMA } from '../servers/express-pg.mjs';

/** @type {import('./index.mjs').Contender} */
export const expressPg = {
  title: 'hand-written Express + pg',
  async prepare(url) {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(SCHEMA);
    await client.end();
  },
  script: join(import.meta.dirname, '..', 'servers', 'express-pg.mjs'),
  env: {},
  conversation: 'json',
  verifiedRows: `SELECT provider_id AS key FROM requests WHERE created_at >= $1 AND status = 'VERIFIED' AND attempts = 1`,
  ledgerKey: 'providerRequestId',
};
