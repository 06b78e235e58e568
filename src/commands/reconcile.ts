import { VerificationReconciler } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run reconcile

Does one round of what running instances do all the time, over the database of DATABASE_URL: finds out what became of
messages and checks whose answer was lost, and writes down what has expired. Reports as JSON.
`;

onTheDatabase(USAGE, async (app) => {
  const report = await app.get(VerificationReconciler, { strict: false }).runOnce();
  process.stdout.write(`${JSON.stringify(report)}\n`);
  return 0;
});
