import { BlockKeyRotator } from '../admin/index.js';
import { FactorKeyRotator } from '../two-factor/index.js';
import { KeyRotator } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run keys:rotate [-- --reseal-version-1]

Brings every phone number and every secret of an authenticator app in the database of DATABASE_URL under the first key of PHONE_ENCRYPTION_KEYS and every
fingerprint under the first of PHONE_FINGERPRINT_KEYS. Instances go on working meanwhile. Killed, it goes on where it was
when it is run again. Afterwards the older keys can be taken out of the rings; leave an older fingerprint key in for a day,
because messages are counted under it that long.

--reseal-version-1  Run this once, when you upgrade from a version that sealed values for their row only. It binds every
                    such value to its table, column and row. Without the option these values are refused, here and
                    everywhere else, because they also open where somebody has copied them.
`;

onTheDatabase(USAGE, async (app, args) => {
  const options = { acceptVersion1: args.includes('--reseal-version-1') };
  const { done } = await app
    .get(KeyRotator, { strict: false })
    .run(({ done: soFar, total }) => process.stderr.write(`${soFar} of ${total} requests\n`), options);
  const factors = await app.get(FactorKeyRotator, { strict: false }).run(options);
  const blocks = await app.get(BlockKeyRotator, { strict: false }).run(options);
  process.stdout.write(
    `${done} requests, ${factors} factors and ${blocks} blocks are under the newest keys\n`,
  );
  return 0;
});
