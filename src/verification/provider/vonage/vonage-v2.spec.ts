import {
  call,
  ID,
  json,
  type Operation,
  replayVonage,
  START,
} from '../../../../test/support/replayed-vonage.js';
import type { Fault } from '../outcomes.js';
import { VonageV2Provider } from './vonage-v2.provider.js';

const vonage = replayVonage();

describe('Verify v2', () => {
  const detail = (text: string) => ({ title: 'x', detail: text });
  const fault = (kind: string, status: number) => ({
    outcome: 'fault',
    fault: kind,
    detail: `http ${status}`,
  });
  const everywhere = (['start', 'check', 'cancel', 'next'] as const).flatMap(
    (operation): [Operation, number, object, object][] => [
      [operation, 401, detail('You did not provide correct credentials'), fault('misconfigured', 401)],
      [operation, 402, detail('your account balance being low'), fault('misconfigured', 402)],
      [operation, 403, detail('not enabled'), fault('misconfigured', 403)],
      [operation, 429, detail('Please wait, then retry your request'), fault('throttled', 429)],
      [operation, 500, detail('There was an error'), fault('unknown-outcome', 500)],
      [operation, 503, {}, fault('unknown-outcome', 503)],
      [operation, 307, {}, fault('unknown-outcome', 307)],
    ],
  );
  const toInvalid = { invalid_parameters: [{ name: 'workflow[0].to', reason: 'invalid' }] };

  it.each<[Operation, number, object, object]>([
    ...everywhere,
    ['start', 202, { request_id: ID }, { outcome: 'started', providerRequestId: ID }],
    [
      'start',
      202,
      { check_url: 'x' },
      { outcome: 'fault', fault: 'unknown-outcome', detail: 'started without a request id' },
    ],
    ['start', 409, { request_id: ID }, { outcome: 'already-pending', providerRequestId: ID }],
    ['start', 409, {}, { outcome: 'already-pending' }],
    ['start', 412, {}, { outcome: 'destination-rejected', why: 'unsupported' }],
    ['start', 422, toInvalid, { outcome: 'destination-rejected', why: 'invalid' }],
    ['start', 422, { invalid_parameters: [{ name: 'brand' }] }, fault('bad-request', 422)],
    ['start', 422, {}, fault('bad-request', 422)],
    ['check', 200, { request_id: ID, status: 'completed' }, { outcome: 'matched' }],
    ['check', 400, detail('does not match the expected value.'), { outcome: 'mismatched' }],
    ['check', 404, detail('was not found or it has been verified already.'), { outcome: 'gone' }],
    [
      'check',
      409,
      detail('The current Verify workflow step does not support a code.'),
      { outcome: 'not-checkable-now' },
    ],
    ['check', 410, detail('provided too many times. Workflow terminated.'), { outcome: 'exhausted' }],
    ['cancel', 204, {}, { outcome: 'cancelled' }],
    ['cancel', 404, {}, { outcome: 'gone' }],
    ['next', 200, {}, { outcome: 'sent' }],
    ['next', 404, {}, { outcome: 'gone' }],
    ['next', 409, detail('There are no more events left to trigger.'), { outcome: 'no-more' }],
    [
      'next',
      409,
      detail('cannot be performed at this time. Please try again later.'),
      { outcome: 'retry-later' },
    ],
  ])('%s answered %i %j', async (operation, status, body, expected) => {
    vonage.respond =
      status === 204 ? (_request, response) => response.writeHead(204).end() : json(status, body);
    expect(await call(new VonageV2Provider(vonage.options), operation)).toEqual(expected);
  });

  it('a next step that answers 200 without a body was sent', async () => {
    vonage.respond = (_request, response) => response.writeHead(200).end();
    expect(await new VonageV2Provider(vonage.options).next(ID)).toEqual({ outcome: 'sent' });
  });

  it.each<[string, object]>([
    ['no status', { request_id: ID }],
    ['another status', { request_id: ID, status: 'pending' }],
    ['a status of v1', { request_id: ID, status: '0' }],
    ['another request', { request_id: 'f'.repeat(32), status: 'completed' }],
    ['no request', { status: 'completed' }],
  ])('a check answered 200 with %s is never a success', async (_name, body) => {
    vonage.respond = json(200, body);
    expect(await new VonageV2Provider(vonage.options).check(ID, '123456')).toMatchObject({
      fault: 'unknown-outcome',
    });
  });

  it('obeys Retry-After', async () => {
    vonage.respond = (_request, response) => response.writeHead(429, { 'Retry-After': '9' }).end('{}');
    expect(await new VonageV2Provider(vonage.options).start(START)).toMatchObject({
      fault: 'throttled',
      retryAfterSeconds: 9,
    });
  });

  it('obeys a Retry-After that is a date', async () => {
    const date = new Date(Date.now() + 30_000).toUTCString();
    vonage.respond = (_request, response) => response.writeHead(429, { 'Retry-After': date }).end('{}');
    const { retryAfterSeconds } = (await new VonageV2Provider(vonage.options).start(START)) as Fault;
    expect(retryAfterSeconds).toBeGreaterThan(20);
    expect(retryAfterSeconds).toBeLessThanOrEqual(30);
  });

  it('sends one step with our reference', async () => {
    vonage.respond = json(202, { request_id: ID });
    await new VonageV2Provider(vonage.options).start({ ...START, channel: 'voice', locale: 'de-de' });
    expect(vonage.received[0]).toMatchObject({ method: 'POST', url: '/v2/verify' });
    expect(JSON.parse(vonage.received[0]!.body)).toEqual({
      brand: 'ACME',
      workflow: [{ channel: 'voice', to: '14155552671' }],
      channel_timeout: 300,
      code_length: 6,
      client_ref: 'ref1',
      locale: 'de-de',
    });
  });

  it('names the template for texts, and not for calls, which have none', async () => {
    vonage.respond = json(202, { request_id: ID });
    const templateId = '8f35a1a7-eb2f-4552-8fdf-fffdaee41bc9';
    const provider = new VonageV2Provider({ ...vonage.options, templateId });
    await provider.start({ ...START, channel: 'sms' });
    await provider.start({ ...START, channel: 'voice' });
    expect(vonage.received.map(({ body }) => JSON.parse(body).template_id)).toEqual([templateId, undefined]);
  });
});
