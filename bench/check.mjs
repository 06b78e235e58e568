/**
 * Holds what a contender says it did against what the provider saw: as many messages and checks as verifications, one
 * of each for every one, and the same ones in its tables.
 * @param {Pick<import('./measure.mjs').Ground, 'provider' | 'postgres'>} ground
 * @param {import('./contenders/index.mjs').Contender} contender
 * @param {number} expected
 * @param {{ database: string, since: Date }} where
 * @throws Error that names what is wrong
 */
export async function checkCounts({ provider, postgres }, contender, expected, { database, since }) {
  const problems = /** @type {string[]} */ ([]);
  /** @type {(what: string, found: number, wanted: number) => void} */
  const hold = (what, found, wanted) => {
    if (found !== wanted) problems.push(`${what}: ${found} instead of ${wanted}`);
  };
  const { checksByRequest, ...calls } = await provider.calls();
  const ledger = await provider.ledger();
  const sent = new Set(ledger.map((entry) => entry[contender.ledgerKey]));
  for (const [operation, found] of Object.entries(calls)) {
    hold(`calls of ${operation}`, found, ['start', 'check'].includes(operation) ? expected : 0);
  }
  hold('messages', ledger.length, expected);
  hold('numbers that got one', new Set(ledger.map(({ to }) => to)).size, expected);
  hold(
    'requests checked once',
    Object.values(checksByRequest).filter((times) => times === 1).length,
    expected,
  );
  if (contender.verifiedRows) {
    const rows = await postgres.sql(contender.verifiedRows, [since], database);
    hold('rows verified', rows.length, expected);
    hold('rows that the ledger knows', rows.filter(({ key }) => sent.has(key)).length, expected);
  }
  if (problems.length > 0) throw new Error(`wrong counts: ${problems.join('; ')}`);
}
