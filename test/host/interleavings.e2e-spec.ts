import fc from 'fast-check';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { mustBe, requestIdOf, settingsOf, Visitor } from './visitor.js';

const SECRET = 'the signature secret of the account';
/** `INTERLEAVINGS=500 npx jest test/host/interleavings` tries more. */
const RUNS = Number(process.env['INTERLEAVINGS'] ?? 12);

const step = fc.record({
  who: fc.integer({ min: 0, max: 1 }),
  act: fc.constantFrom(
    'signs in',
    'asks',
    'asks',
    'types right',
    'types right',
    'types wrong',
    'resends',
    'changes factors',
    'loses the next answer',
    'webhooks come',
    'time passes',
  ),
});

/**
 * Two sessions of one user do anything in any order. Whatever happens, a session is raised only by a code that it has
 * itself sent, that the provider has accepted, for a phone that is enrolled at that moment.
 */
describe.each(['v2', 'v1'])('two sessions of one user, interleaved at random (%s)', (api) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      VONAGE_VERIFY_API: api,
      VONAGE_SIGNATURE_SECRET: SECRET,
      RESEND_COOLDOWN_SECONDS: '0',
      WRONG_CODES_BEFORE_WAIT: 'off',
      WRONG_CODES_BEFORE_LOCK: 'off',
    });
  });
  afterAll(() => application.close());

  const isRaised = async (session: Visitor) => (await session.get('/account')).status === 200;

  it(`${RUNS} sequences raise no session without a proof of its own`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        application.sandbox.sendWebhooksTo(null);
        const owner = await (await new Visitor(application).signsUp()).enrols();
        const number = owner.phoneNumber;
        const sessions = [owner.elsewhere(), owner.elsewhere()];
        for (const session of sessions) mustBe(await session.signsIn(), 'signing in');
        const asked: (string | null)[] = [null, null];
        /** The codes that each session has itself sent, and that were right when it sent them. */
        const proofs: Set<string>[] = [new Set(), new Set()];
        const accepted = () =>
          application.sandbox
            .ledger(number)
            .filter(({ providerRequestId }) => application.sandbox.isVerified(providerRequestId))
            .map(({ code }) => code);
        let otherNumber = '';

        for (const { who, act } of steps) {
          const session = sessions[who]!;
          const requestId = asked[0] && act.startsWith('types') ? (asked[who] ?? asked[1 - who]) : asked[who];
          const wereRaised = await Promise.all(sessions.map(isRaised));
          if (act === 'signs in') {
            await session.signsIn();
            proofs[who]!.clear();
          } else if (act === 'asks') {
            const answer = await session.post('/two-factor/challenge');
            if (answer.status === 200) asked[who] = requestIdOf(answer);
          } else if (act === 'types right' && requestId) {
            proofs[who]!.add(owner.code);
            await session.types(requestId, owner.code);
          } else if (act === 'types wrong' && requestId) await session.types(requestId, owner.wrongCode);
          else if (act === 'resends' && requestId) await session.post('/two-factor/resend', { requestId });
          else if (act === 'changes factors') {
            otherNumber = freshNumber();
            const started = await owner.post('/two-factor/phones', { phoneNumber: otherNumber });
            if (started.status === 200) {
              const fields = { requestId: requestIdOf(started), otpCode: application.codeFor(otherNumber) };
              await owner.post('/two-factor/phones/verify', fields);
              const added = (await settingsOf(owner)).factors.find(({ primary }) => !primary);
              if (added) await owner.post(`/two-factor/phones/${added.id}/remove`);
            }
          } else if (act === 'loses the next answer')
            await application.fault({ kind: 'lost-answer', operation: 'check', to: number });
          else if (act === 'webhooks come')
            application.sandbox.sendWebhooksTo({
              url: `${application.url}/webhooks/vonage/verify`,
              secret: SECRET,
            });
          else if (act === 'time passes') await application.advanceProvider(61);

          for (const [index, raised] of (await Promise.all(sessions.map(isRaised))).entries()) {
            if (!raised || wereRaised[index]) continue;
            const own = [...proofs[index]!].filter((code) => accepted().includes(code));
            if (index !== who || own.length === 0)
              throw new Error(`session ${index} was raised by "${act}" of session ${who}, without a proof`);
            const { factors } = await settingsOf(sessions[index]!);
            if (!factors.some(({ hint }) => hint.endsWith(number.slice(-2))))
              throw new Error(`session ${index} was raised by a phone that is not enrolled`);
          }
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
