import { KeyRotator } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run keys:rotate

Encrypts every phone number and every secret of an authenticator app in the database of DATABASE_URL under the first key
of PHONE_ENCRYPTION_KEYS, and renews every fingerprint under the first key of PHONE_FINGERPRINT_KEYS. Instances keep
serving meanwhile. If the command is killed, run it again: it resumes where it was. Afterwards you can remove the older
keys from the rings. Keep an older fingerprint key for another day, because a day's messages are counted under it.
`;

onTheDatabase(USAGE, async (app) => {
  const columns = await app
    .get(KeyRotator, { strict: false })
    .run(({ column, done, total }) => process.stderr.write(`${column}: ${done} of ${total} rows\n`));
  for (const { column, done } of columns) {
    process.stdout.write(`${column}: ${done} rows are under the newest keys\n`);
  }
  return 0;
});
