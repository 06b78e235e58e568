import fc from 'fast-check';
import { VerificationService } from '../../src/index.js';
import { Allowances } from '../../src/protection/allowances.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { ONLY } from './callers.js';

/** Small enough that cases meet each other's limits, blocks and live requests all the time. */
const asked = fc.record({
  // Mobile, VoIP and fixed-or-mobile numbers in four countries, one of them not served.
  phoneNumber: fc.constantFrom(
    '+14155561001',
    '+14155561002',
    '+14155571003',
    '+447400123456',
    '+447400123457',
    '+445600123456',
    '+4915112345678',
    '+33612345678',
  ),
  channel: fc.constantFrom('sms' as const, 'voice' as const),
  purpose: fc.constantFrom('phone-verification', 'payment'),
  confirmed: fc.boolean(),
  userId: fc.constantFrom(null, 'anna', 'ben'),
  sessionId: fc.constantFrom(null, 'session-one', 'session-two'),
  address: fc.constantFrom(
    '198.51.100.1',
    '::ffff:198.51.100.1',
    '203.0.113.9',
    '2001:db8::1',
    '2001:db8::2',
  ),
  /** What happens before: nothing, an end of the live request, or time. */
  before: fc.constantFrom('nothing', 'nothing', 'end', 'hour', 'wrong-codes', 'lift'),
});

describe('a simulation', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      ...ONLY(
        'prefix-conversion',
        'country-conversion',
        'number-cooldown',
        'number-limit',
        'user-limit',
        'session-limit',
        'address-limit',
        'prefix-limit',
        'budget',
      ),
      RULE_MODES:
        'number-cooldown:enforce,number-limit:enforce,user-limit:enforce,session-limit:record,address-limit:enforce,prefix-limit:enforce,budget:enforce,country-budget:record',
      ALLOWED_COUNTRIES: 'US,GB,DE',
      ALLOW_VOIP: 'off',
      LIMIT_ADDRESS: '40/3600',
      LIMIT_PREFIX_PER_DAY: '30',
      BUDGET_PER_DAY: '15',
    });
    await application.sql.query(
      `INSERT INTO otp_block_entries (id, kind, value, network, label, reason, author, created_at)
       VALUES (gen_random_uuid(), 'prefix', '491511', NULL, '491511', 'test', 'cli:test', now()),
              (gen_random_uuid(), 'address', NULL, '203.0.113.0/28', '203.0.113.0/28', 'test', 'cli:test', now())`,
    );
  });
  afterAll(() => application.close());

  async function happens(before: string): Promise<void> {
    const { sql } = application;
    if (before === 'end') {
      await application.advanceProvider(400);
      await sql.query(
        `UPDATE otp_number_slots SET live_until = now() - interval '1 second', live_request_id = NULL`,
      );
    } else if (before === 'hour') {
      await sql.query(
        `UPDATE otp_rate_counters SET moments = ARRAY(SELECT m - interval '1 hour' FROM unnest(moments) m)`,
      );
    } else if (before === 'wrong-codes') {
      await sql.query(
        `UPDATE otp_number_slots SET wait_until = now() + interval '30 seconds' WHERE random() < 0.1`,
      );
    } else if (before === 'lift') {
      await sql.query(`UPDATE otp_number_slots SET wait_until = NULL, locked_at = NULL`);
    }
  }

  it('says what the real start then does, in 1,000 random cases, and changes nothing', async () => {
    const service = application.app.get(VerificationService, { strict: false });
    // As in an instance that shuts down: nothing is held in advance, so no background return changes the counters.
    await application.app.get(Allowances, { strict: false }).beforeApplicationShutdown();
    const seen: Record<string, number> = {};
    const state = async () =>
      (
        await application.sql.query<{ state: string }>(
          `SELECT (SELECT count(*) FROM otp_decisions) || ' ' || (SELECT coalesce(sum(cardinality(moments)), 0) FROM otp_rate_counters)
                  || ' ' || (SELECT coalesce(sum(taken), 0) FROM otp_daily_counters) || ' ' || (SELECT count(*) FROM otp_verification_requests) AS state`,
        )
      ).rows[0]!.state;
    const newestRefusal = async () =>
      (
        await application.sql.query<{ rule: string }>(
          'SELECT rule FROM otp_decisions ORDER BY at DESC, id DESC LIMIT 1',
        )
      ).rows[0]!.rule;
    await fc.assert(
      fc.asyncProperty(asked, async ({ before, userId, sessionId, address, confirmed, ...rest }) => {
        await happens(before);
        const start = {
          ...rest,
          confirmed: confirmed && userId !== null,
          caller: { userId, sessionId, address },
        };
        const before_ = await state();
        const simulated = await service.simulateStart(start);
        expect(await state()).toBe(before_);

        const live = await service.start(start);
        const requests = (await state()).split(' ').at(-1);
        const isNew = requests !== before_.split(' ').at(-1);
        if (simulated.outcome === 'refused') {
          expect(live).toMatchObject({ ok: false, code: simulated.code });
          if (simulated.rule !== null) expect(await newestRefusal()).toBe(simulated.rule);
        } else {
          // Whether the provider then takes it is another matter.
          expect(isNew).toBe(simulated.outcome === 'allowed');
          if (simulated.outcome === 'joined') expect(live.ok).toBe(true);
        }
        const kind = `${simulated.outcome} ${simulated.rule ?? simulated.code ?? ''}`;
        seen[kind] = (seen[kind] ?? 0) + 1;
      }),
      { numRuns: 1000 },
    );
    // The cases were worth something: most rules have decided some of them.
    expect(Object.keys(seen).length).toBeGreaterThan(9);
  });
});
