import { BlockKeyRotator } from '../admin/index.js';
import { FactorKeyRotator } from '../two-factor/index.js';
import { KeyRotator } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run keys:rotate

Brings every phone number and every secret of an authenticator app in the database of DATABASE_URL under the first key of PHONE_ENCRYPTION_KEYS and every
fingerprint under the first of PHONE_FINGERPRINT_KEYS. Instances go on working meanwhile. Killed, it goes on where it was
when it is run again. Afterwards the older keys can be taken out of the rings; leave an older fingerprint key in for a day,
because messages are counted under it that long.
`;

onTheDatabase(USAGE, async (app) => {
  const { done } = await app
    .get(KeyRotator, { strict: false })
    .run(({ done: soFar, total }) => process.stderr.write(`${soFar} of ${total} requests\n`));
  const factors = await app.get(FactorKeyRotator, { strict: false }).run();
  const blocks = await app.get(BlockKeyRotator, { strict: false }).run();
  process.stdout.write(
    `${done} requests, ${factors} factors and ${blocks} blocks are under the newest keys\n`,
  );
  return 0;
});
