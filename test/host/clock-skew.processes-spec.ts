import { startWorld, type World } from '../support/chaos-world.js';
import type { TestApplication } from '../support/application.js';
import { until } from '../support/until.js';
import { codeOf, mustBe, Visitor } from './visitor.js';

const HOUR_MS = 3_600_000;
const SKEWS = [HOUR_MS, 0, -HOUR_MS];
const PAIRS = [0, 1, 2].flatMap((shows) => [0, 1, 2].map((asks) => [shows, asks] as const));

/** How old a factor or a session is, the database says. */
describe('instances whose clocks are an hour fast and an hour slow', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      env: { RESEND_COOLDOWN_SECONDS: '0', SESSION_LIFETIME_HOURS: '1' },
      preloads: ['clock-skew.mjs'],
      envOf: (index) => ({ CLOCK_SKEW_MS: String(SKEWS[index]) }),
    });
  });
  afterAll(() => world.close());

  /** What a visitor needs of an application, at one of the instances. */
  const at = (index: number) =>
    ({
      client: world.cluster.instances[index]!.client!,
      codeFor: (phoneNumber: string) => world.codeFor(phoneNumber)!,
      // An instance in development prints its e-mails.
      mailbox: {
        link: async (email: string) => {
          const mail = () => world.cluster.instances[index]!.output.split(`Email to ${email}: `)[1] ?? '';
          const link = () => /https?:\/\/[^/\s]+(\/\S+\?token=\S+)\n/.exec(mail())?.[1];
          await until(link);
          return link()!;
        },
      },
    }) as unknown as TestApplication;
  const sameAt = (person: Visitor, index: number) => {
    const other = new Visitor(at(index));
    for (const [name, value] of person.cookies) other.cookies.set(name, value);
    other.email = person.email;
    other.phoneNumber = person.phoneNumber;
    return other;
  };
  const sidOf = (person: Visitor) => decodeURIComponent(person.session!).replace(/^s:([^.]+)\..*$/, '$1');
  const moveBack = (person: Visitor, seconds: number) =>
    world.sql.query(
      `UPDATE host_sessions SET sess = regexp_replace(sess::text, '"(completedAt|signedInAt)":"[^"]+"',
          '"\\1":"' || to_char((clock_timestamp() - make_interval(secs => $2)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'g')::json
        WHERE sid = $1`,
      [sidOf(person), seconds],
    );

  it.each(PAIRS)('a factor shown at %d is fresh at %d while it is, and not longer', async (shows, asks) => {
    const person = await (await new Visitor(at(shows)).signsUp()).enrols();
    const there = sameAt(person, asks);
    // What the session says is the database's time, whatever the instance believes.
    const { rows } = await world.sql.query<{ off: number }>(
      `SELECT max(abs(extract(epoch FROM clock_timestamp() - (a->>'completedAt')::timestamptz)))::float AS off
         FROM host_sessions, json_array_elements(sess->'twoFactor'->'authentications') a WHERE sid = $1`,
      [sidOf(person)],
    );
    expect(rows[0]!.off).toBeLessThan(60);
    expect((await there.get('/two-factor/authenticators/new')).status).toBe(404);
    await moveBack(person, 301);
    const late = await there.get('/two-factor/authenticators/new');
    expect([...codeOf(late), late.body['reason']]).toEqual([403, 'second-factor-required', 'too-old']);
  });

  it.each(PAIRS)('a session begun at %d ends at %d with its hour, and not before', async (begins, asks) => {
    const person = await new Visitor(at(begins)).signsUp();
    const there = sameAt(person, asks);
    await moveBack(person, 3590);
    expect((await there.get('/account')).status).toBe(200);
    await moveBack(person, 3601);
    expect((await there.get('/account')).status).toBe(401);
  });

  it.each(PAIRS)('the password typed at %d is worth ten minutes at %d', async (types, asks) => {
    const person = (await (await new Visitor(at(types)).signsUp()).enrols()).elsewhere();
    mustBe(await person.signsIn(), 'signing in');
    const there = sameAt(person, asks);
    expect((await there.get('/two-factor')).status).toBe(200);
    await moveBack(person, 601);
    expect((await there.get('/two-factor')).status).toBe(401);
  });
});
