// better-auth with its phone number plugin on Postgres, asking the provider through the plugin's two hooks.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { toNodeHandler } from 'better-auth/node';
import { phoneNumber } from 'better-auth/plugins';
import pg from 'pg';
import { vonage } from './vonage.mjs';

/** @param {string} connectionString */
export function createAuth(connectionString) {
  const provider = vonage();
  /** The plugin has no place for the provider's id. Memory is the cheapest there is, so it costs better-auth nothing. */
  const requests = new Map();
  const database = new pg.Pool({ connectionString, max: 10 });
  const auth = betterAuth({
    database,
    baseURL: 'http://127.0.0.1',
    secret: 'of the benchmark, which keeps nothing 0123456789',
    // Its store in memory is walked through at every request: with a client per number that is all that one would see.
    rateLimit: { enabled: process.env['BETTER_AUTH_LIMITS'] === 'on' },
    telemetry: { enabled: false },
    plugins: [
      phoneNumber({
        sendOTP: async ({ phoneNumber: number }) => {
          requests.set(number, await provider.start(number));
        },
        verifyOTP: async ({ phoneNumber: number, code }) => {
          const id = requests.get(number);
          return id !== undefined && requests.delete(number) && provider.check(id, code);
        },
        signUpOnVerification: { getTempEmail: (number) => `${number.slice(1)}@bench.example` },
      }),
    ],
  });
  return { auth, close: () => database.end() };
}

if (process.argv[1] === import.meta.filename) {
  const { auth } = createAuth(process.env['DATABASE_URL'] ?? '');
  const handle = toNodeHandler(auth);
  createServer((request, response) => void handle(request, response)).listen(
    Number(process.env['PORT']),
    '127.0.0.1',
  );
}
