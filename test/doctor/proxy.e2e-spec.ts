import {
  APPENDING,
  type DoctorUnderTest,
  doctorUnderTest,
  of,
  type ProxyHeaders,
  startProxy,
} from './doctor.js';

describe('the doctor of the proxy in front', () => {
  let t: DoctorUnderTest;
  beforeAll(async () => {
    t = await doctorUnderTest();
  });
  afterAll(() => t?.close());

  const behind = async (headers: ProxyHeaders) => {
    const proxy = await startProxy(t.application.url, headers);
    const found = of(await t.findings({ PUBLIC_URL: proxy.url }), 'proxy');
    proxy.close();
    return found;
  };

  it('is right when it appends to X-Forwarded-For', async () => {
    const found = await behind(APPENDING);
    expect(found).toMatchObject([{ state: 'ok', message: expect.stringContaining('198.51.100') }]);
  });

  /** A proxy that passes on the address that a caller names. */
  const believingCallers =
    (address: string): ProxyHeaders =>
    ({ host, 'x-forwarded-for': given }) => ({
      'x-forwarded-for': String(given ?? address),
      'x-forwarded-proto': 'http',
      'x-forwarded-host': String(host),
    });

  it('is wrong when callers choose their address', async () => {
    expect(await behind(believingCallers('8.8.4.7'))).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('choose the address') },
    ]);
  });

  // There it may be a further proxy that is trusted.
  it.each(['10.1.2.3', '172.31.0.9', '100.64.0.9', '169.254.0.9', 'fd00::9', 'fe80::9'])(
    'is not called wrong from %s, an address that is not on the internet',
    async (address) => {
      expect(await behind(believingCallers(address))).toMatchObject([{ state: 'ok' }]);
    },
  );

  it('is wrong when it sends no headers, or something else answers', async () => {
    expect(await behind(() => ({}))).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('sends no X-Forwarded-* headers') },
    ]);
    const found = of(await t.findings({ PUBLIC_URL: `${t.application.sandbox.url}/` }), 'proxy');
    expect(found).toMatchObject([{ state: 'wrong', message: expect.stringContaining('does not lead to') }]);
  });

  it('is not checked without PUBLIC_URL, and says how to', async () => {
    expect(of(await t.findings(), 'proxy')).toMatchObject([
      { state: 'warning', advice: expect.stringContaining('/health/connection') },
    ]);
  });
});
