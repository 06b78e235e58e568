import { hkdfSync } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import { DataSource } from 'typeorm';
import type { KeyRing } from '../config/key-ring.js';
import { poolOf } from '../database/sql.js';

const LIFETIME_MS = 12 * 60 * 60 * 1000;

/**
 * Sessions in Postgres. Ids are signed with keys derived from the ring, the newest first: replacing a key ends no session.
 * @param https the application is served over HTTPS only: then the cookie is tied to this host
 */
export function useSessions(
  app: NestExpressApplication,
  { keys, https }: { keys: KeyRing; https: boolean },
): void {
  const Store = connectPgSimple(session);
  const store = new Store({
    pool: poolOf(app.get(DataSource)),
    tableName: 'host_sessions',
    pruneSessionInterval: 15 * 60,
    errorLog: () => undefined,
  });
  app.getHttpServer().once('close', () => store.close());
  app.use(
    session({
      store,
      secret: keys.map(({ secret }) =>
        Buffer.from(hkdfSync('sha256', secret, '', 'session ids', 32)).toString('base64url'),
      ),
      name: https ? '__Host-session' : 'session',
      cookie: { httpOnly: true, sameSite: 'lax', secure: https, path: '/', maxAge: LIFETIME_MS },
      resave: false,
      saveUninitialized: false,
      unset: 'destroy',
    }),
  );
}
