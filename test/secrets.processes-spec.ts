import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createTestDatabase } from './support/database.js';
import { type Program, run } from './support/program.js';

/** Everything that a thief or a curious operator could look at, searched for what must not be there. */
describe('no code, no whole number and no credential in logs, answers or the database', () => {
  it('after every kind of success and failure, at the loudest log level and with DEBUG=*', async () => {
    const database = await createTestDatabase();
    const directory = mkdtempSync(join(tmpdir(), 'otp-secrets-'));
    const secret = 'hunter2hunter2';
    let program: Program | undefined;
    let sandbox: Program | undefined;
    try {
      sandbox = run(process.execPath, ['dist/src/commands/sandbox.js'], { SANDBOX_PORT: '0' });
      const [, phone] = await sandbox.says(/listens at (http:\S+?) /);
      program = run(process.execPath, ['dist/src/main.js'], {
        PORT: '0',
        DATABASE_URL: database.url,
        DATA_DIRECTORY: directory,
        VONAGE_API_HOST: phone!,
        VONAGE_API_KEY: 'topkey',
        VONAGE_API_SECRET: secret,
        VONAGE_TIMEOUT_MS: '500',
        RESEND_COOLDOWN_SECONDS: '0',
        LOG_LEVEL: 'trace',
        DEBUG: '*',
      });
      const [, url] = await program.says(/The application\s+(http:\S+)/);
      let answers = '';
      const call = async (path: string, fields: Record<string, string>, accept = 'application/json') => {
        const response = await fetch(url + path, {
          method: 'POST',
          headers: {
            Accept: accept,
            Authorization: 'Bearer sesame-token',
          },
          body: new URLSearchParams(fields),
        });
        const text = `${JSON.stringify([...response.headers])}${await response.text()}`;
        answers += text;
        return /"requestId":"([^"]+)"/.exec(text)?.[1] ?? '';
      };

      const numbers = ['+14155550123', '+447911123456', '+4915112345678', '+33612345678'];
      const magic = ['01', '03', '04', '05', '06', '07', '08', '09', '10', '15', '71', '72', '73', '74'].map(
        (suffix) => `+120255501${suffix}`,
      );
      const codes: string[] = [];
      const codesFor = async (phoneNumber: string) => {
        const digits = phoneNumber.slice(1);
        const messages = (await (await fetch(`${phone}/ledger?to=${digits}`)).json()) as { code: string }[];
        codes.push(...messages.map(({ code }) => code));
        return messages.at(-1)?.code ?? '000000';
      };
      for (const phoneNumber of numbers) {
        const requestId = await call('/request-otp', { phoneNumber });
        const code = await codesFor(phoneNumber);
        await call('/verify-otp', { requestId, otpCode: code.split('').reverse().join('') });
        await call('/request-otp', { phoneNumber });
        await call('/verify-otp', { requestId, otpCode: code });
        await call('/verify-otp', { requestId, otpCode: code });
        await call('/resend-otp', { requestId });
        await call('/cancel-otp', { requestId });
        await fetch(`${url}/${phoneNumber}?phoneNumber=${phoneNumber}&otpCode=${code}`);
        await fetch(`${url}/verifications/${phoneNumber}`);
      }
      for (const phoneNumber of magic) {
        await call('/request-otp', { phoneNumber });
        await codesFor(phoneNumber);
      }

      // Connections die in the middle: drivers like to quote what they were doing.
      const admin = new pg.Client({ connectionString: database.url });
      await admin.connect();
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      await call('/request-otp', { phoneNumber: '+14155550124' });

      const { rows: tables } = await admin.query<{ name: string }>(
        `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
      );
      let dump = '';
      for (const { name } of tables) {
        const { rows } = await admin.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
        dump += rows.map(({ line }) => line).join('\n');
      }
      await admin.end();
      program.process.kill('SIGTERM');
      await program.ended();

      const places = { log: program.output(), answers, dump };
      expect(places.log).toContain('"route":"/request-otp"');
      expect(dump).toContain('PENDING');
      for (const [place, text] of Object.entries(places)) {
        for (const phoneNumber of [...numbers, ...magic, '+14155550124']) {
          expect([place, text.includes(phoneNumber.slice(1))]).toEqual([place, false]);
        }
        // Fixed-length ids and times hold six digits by chance: codes are looked for as words of their own.
        const words = new Set(text.match(/(?<![\w.-])\d{6}(?![\w.-])/g));
        expect([place, codes.filter((code) => words.has(code))]).toEqual([place, []]);
        for (const credential of [
          secret,
          Buffer.from(`topkey:${secret}`).toString('base64'),
          'sesame-token',
        ]) {
          expect([place, credential, text.includes(credential)]).toEqual([place, credential, false]);
        }
      }
      const keys = JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as Record<string, string>;
      for (const key of Object.values(keys))
        expect(Object.values(places).join().includes(key.slice(5))).toBe(false);
    } finally {
      program?.process.kill('SIGKILL');
      sandbox?.process.kill('SIGKILL');
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
