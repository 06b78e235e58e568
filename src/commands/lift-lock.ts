import { VerificationService } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run lift-lock -- <phone number with +> | --user <id>

Forgets the wrong codes of a number or of a user, and with them their wait and their lock.
`;

onTheDatabase(USAGE, async (app, args) => {
  const [first, second] = args;
  const of = first === '--user' ? second && { userId: second } : first && { phoneNumber: first };
  if (!of) {
    process.stderr.write(USAGE);
    return 1;
  }
  const lifted = await app.get(VerificationService, { strict: false }).liftLock(of);
  process.stdout.write(lifted ? 'lifted\n' : 'there was nothing to lift (or it is no phone number)\n');
  return lifted ? 0 : 1;
});
