import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { Visitor } from './host/visitor.js';

/** Each client of the tests has an address that nobody used before. */
let clients = 0;
const newAddress = () => `203.0.113.${(clients += 1)}`;
const newNetwork = () => `2001:db8:0:${(clients += 1).toString(16)}`;

const LIMIT = 3;

describe.each([
  ['its networks are trusted', 'loopback,10.0.0.0/8'],
  ['hops are counted', '1'],
])('clients behind a proxy have buckets of their own (%s)', (_how, trustProxy) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ THROTTLE_ADDRESS: `${LIMIT}/600`, TRUST_PROXY: trustProxy });
  });
  afterAll(() => application.close());

  const start = async (forwardedFor: string) => {
    const headers = { 'X-Forwarded-For': forwardedFor };
    const body = { phoneNumber: freshNumber() };
    return (await application.client.json('POST', '/request-otp', body, headers)).status;
  };
  const uses = async (forwardedFor: string, times: number) => {
    const statuses = [];
    for (let time = 0; time < times; time += 1) statuses.push(await start(forwardedFor));
    return statuses;
  };
  const spent = [...Array<number>(LIMIT).fill(200), 429];

  it.each<[string, () => string]>([
    ['an address', newAddress],
    ['an address with a port', () => `${newAddress()}:50007`],
    ['what the client has claimed before it', () => `1.1.1.1:80, ${newAddress()}:50007`],
    ['IPv6', () => `${newNetwork()}::1`],
    ['IPv6 in brackets', () => `[${newNetwork()}::1]`],
    ['IPv6 in brackets with a port', () => `[${newNetwork()}::1]:443`],
    ['IPv4 mapped into IPv6', () => `::ffff:${newAddress()}`],
    ['IPv4 mapped into IPv6, in brackets with a port', () => `[::ffff:${newAddress()}]:443`],
  ])('%s', async (_name, spell) => {
    const [one, other] = [spell(), spell()];
    expect(await uses(one, LIMIT + 1)).toEqual(spent);
    expect(await start(other)).toBe(200);
  });

  it('whose port changes with each connection', async () => {
    const address = newAddress();
    expect([await start(address), await start(`${address}:1`), await start(`::ffff:${address}`)]).toEqual([
      200, 200, 200,
    ]);
    expect(await start(`[::ffff:${address}]:2`)).toBe(429);
  });

  it('and see in their sessions where they signed in', async () => {
    const person = await new Visitor(application).signsUp();
    const headers = { 'X-Forwarded-For': '198.51.100.9:50007' };
    await person.post('/sign-in', { email: person.email, password: person.password }, headers);
    const { body } = await person.get('/account/sessions');
    expect(JSON.stringify(body)).toContain('198.51.100.0/24');
  });
});

describe('an entry of X-Forwarded-For that is no address', () => {
  let application: TestApplication;
  afterEach(() => application.close());
  const startBehind = async (trustProxy: string) => {
    application = await startApplication({ THROTTLE_ADDRESS: `${LIMIT}/600`, TRUST_PROXY: trustProxy });
    return async (forwardedFor: string) => {
      const headers = { 'X-Forwarded-For': forwardedFor };
      const body = { phoneNumber: freshNumber() };
      return (await application.client.json('POST', '/request-otp', body, headers)).status;
    };
  };

  it.each(['unknown', '_hidden', '12345', 'unknown:8080', '0x7f.1'])(
    '%s counts as the next hop that is one, and never as what the client has claimed',
    async (word) => {
      const start = await startBehind('2');
      const [one, other] = [newAddress(), newAddress()];
      // Two proxies: the outer one did not tell whom it heard, the inner one saw the outer one.
      const statuses = [];
      for (let claim = 0; claim <= LIMIT; claim += 1)
        statuses.push(await start(`1.1.1.${claim}, ${word}, ${one}:50007`));
      expect(statuses).toEqual([200, 200, 200, 429]);
      expect(await start(`${word}, ${other}`)).toBe(200);
    },
  );

  it('counts as the proxy itself where there is no other hop', async () => {
    const start = await startBehind('loopback');
    expect([
      await start('unknown'),
      await start('_hidden'),
      await start(', ,'),
      await start('unknown'),
    ]).toEqual([200, 200, 200, 429]);
    expect(await start(newAddress())).toBe(200);
  });

  it('a trusted proxy is trusted with its port too', async () => {
    const start = await startBehind('loopback,10.0.0.0/8');
    const [one, other] = [newAddress(), newAddress()];
    const statuses = [];
    for (let port = 0; port <= LIMIT; port += 1)
      statuses.push(await start(`${one}:${port}, 10.0.0.5:${port}`));
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await start(`${other}:1, [::ffff:10.0.0.5]:2`)).toBe(200);
  });

  it('and nothing of it counts where nobody is trusted', async () => {
    const start = await startBehind('off');
    const statuses = [];
    for (let client = 0; client <= LIMIT; client += 1) statuses.push(await start(newAddress()));
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});
