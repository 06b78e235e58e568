import { sandboxUnderTest, type SandboxUnderTest } from '../../test/support/sandbox-under-test.js';

describe('the phone page', () => {
  let t: SandboxUnderTest;
  beforeAll(async () => {
    t = await sandboxUnderTest();
  });
  afterAll(() => t.sandbox.close());

  const page = async () => {
    const response = await fetch(`${t.sandbox.url}/`);
    return { headers: response.headers, html: await response.text() };
  };

  it('shows messages without JavaScript, newest first, everything escaped', async () => {
    const [older, newer] = [t.freshNumber(), t.freshNumber()];
    expect((await page()).html).toContain('No message yet');
    await t.v1Start(older, { brand: '<b>"&' });
    await t.v1Start(newer);
    const { html } = await page();
    const codes = [...html.matchAll(/<p class="code">(\d+)<\/p>/g)].map(([, code]) => code);
    expect(codes).toEqual([t.newest(newer).code, t.newest(older).code]);
    expect(html).toContain('&lt;b&gt;&quot;&amp; code:');
    expect(html).not.toContain('<b>');
  });

  it('lists magic numbers and faults, with commands to copy', async () => {
    const { html } = await page();
    expect(html).toContain('+1 202 555 0101');
    expect(html).toContain('<dt>black-hole</dt>');
    expect(html).toContain(`curl ${t.sandbox.url}/faults`);
  });

  it('runs nothing but its own script and styles, which are there', async () => {
    const { headers, html } = await page();
    expect(headers.get('content-security-policy')).toContain(
      "default-src 'none'; style-src 'self'; script-src 'self'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(html).not.toMatch(/ style=| on\w+=|<style|<script>/);
    for (const [, path] of html.matchAll(/(?:href|src)="(\/[^"]*)"/g)) {
      expect([path, (await fetch(t.sandbox.url + path)).status]).toEqual([path, 200]);
    }
  });

  it.each([
    ['after its page', '', {}],
    ['after a lost connection', '?after=0', 'last-event-id'],
    ['after a restart of the sandbox', '?after=1000000', {}],
  ])('misses no message %s', async (when, query, header) => {
    const seen = /data-seen="(\d+)"/.exec((await page()).html)?.[1] ?? '';
    const number = t.freshNumber();
    await t.v1Start(number);
    const headers: Record<string, string> = typeof header === 'string' ? { [header]: seen } : {};
    const stream = await fetch(`${t.sandbox.url}/events${query || `?after=${seen}`}`, { headers });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes(`"code":"${t.newest(number).code}"`)) text += (await reader.read()).value ?? '';
    const all = when === 'after a restart of the sandbox' ? t.sandbox.ledger().length : 1;
    expect(text.match(/"code":/g)).toHaveLength(all);
    await reader.cancel();
  });

  it('streams messages as they arrive', async () => {
    const stream = await fetch(`${t.sandbox.url}/events`);
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const number = t.freshNumber();
    await t.v1Start(number);
    let text = '';
    while (!text.includes('data: ')) text += (await reader.read()).value ?? '';
    expect(JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '')).toMatchObject({
      code: t.newest(number).code,
      channel: 'SMS',
    });
    await reader.cancel();
  });
});
