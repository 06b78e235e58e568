import {
  call,
  ID,
  json,
  type Operation,
  replayVonage,
  START,
} from '../../../../test/support/replayed-vonage.js';
import { VonageV1Provider } from './vonage-v1.provider.js';

const vonage = replayVonage();

describe('Verify v1', () => {
  const fault = (kind: string, status: string) => ({
    outcome: 'fault',
    fault: kind,
    detail: `status ${status}`,
  });
  const everywhere: [Operation, object, object][] = (
    ['start', 'check', 'cancel', 'next', 'lookup'] as const
  ).flatMap((operation): [Operation, object, object][] => [
    [operation, { status: '1', error_text: 'Throttled' }, fault('throttled', '1')],
    [operation, { status: '2', error_text: 'Missing api_key' }, fault('bad-request', '2')],
    [operation, { status: '4', error_text: 'Bad credentials' }, fault('misconfigured', '4')],
    [operation, { status: '5', error_text: 'Internal Error' }, fault('unknown-outcome', '5')],
    [operation, { status: '8' }, fault('misconfigured', '8')],
    [operation, { status: '77' }, fault('unknown-outcome', '77')],
  ]);

  it.each<[Operation, object, object]>([
    ...everywhere,
    ['start', { request_id: ID, status: '0' }, { outcome: 'started', providerRequestId: ID }],
    [
      'start',
      { status: '3', error_text: 'Invalid value for number' },
      { outcome: 'destination-rejected', why: 'invalid' },
    ],
    ['start', { status: '3', error_text: 'Invalid value for brand' }, fault('bad-request', '3')],
    [
      'start',
      { status: '6', error_text: 'could not be routed' },
      { outcome: 'destination-rejected', why: 'unroutable' },
    ],
    ['start', { status: '7', network: '25503' }, { outcome: 'fraud-blocked', network: '25503' }],
    ['start', { status: '9' }, fault('misconfigured', '9')],
    ['start', { request_id: ID, status: '10' }, { outcome: 'already-pending', providerRequestId: ID }],
    ['start', { status: '10' }, { outcome: 'already-pending' }],
    ['start', { request_id: '../../account', status: '10' }, { outcome: 'already-pending' }],
    ['start', { status: '15' }, { outcome: 'destination-rejected', why: 'unsupported' }],
    ['start', { status: '20' }, fault('misconfigured', '20')],
    ['start', { status: '29' }, fault('misconfigured', '29')],
    [
      'check',
      { request_id: ID, status: '0', price: '0.10000000', currency: 'EUR' },
      { outcome: 'matched', cost: { amount: '0.10000000', currency: 'EUR' } },
    ],
    ['check', { status: '3', error_text: 'Invalid value for param: request_id' }, fault('bad-request', '3')],
    ['check', { status: '6' }, { outcome: 'gone' }],
    ['check', { status: '16' }, { outcome: 'mismatched' }],
    ['check', { status: '17' }, { outcome: 'exhausted' }],
    ['cancel', { status: '0', command: 'cancel' }, { outcome: 'cancelled' }],
    ['cancel', { status: '6' }, { outcome: 'gone' }],
    [
      'cancel',
      { status: '19', error_text: "can't be cancelled within the first 30 seconds." },
      { outcome: 'too-early' },
    ],
    [
      'cancel',
      { status: '19', error_text: "can't be cancelled now. Too many attempts" },
      { outcome: 'too-late' },
    ],
    ['next', { status: '0', command: 'trigger_next_event' }, { outcome: 'sent' }],
    ['next', { status: '19', error_text: 'No more events are left' }, { outcome: 'no-more' }],
    ['next', { status: '6' }, { outcome: 'gone' }],
    ['lookup', { request_id: ID, status: 'IN PROGRESS' }, { outcome: 'pending' }],
    ['lookup', { request_id: ID, status: 'SUCCESS', checks: [{ code: '123456' }] }, { outcome: 'verified' }],
    ['lookup', { request_id: ID, status: 'FAILED' }, { outcome: 'failed' }],
    ['lookup', { request_id: ID, status: 'EXPIRED' }, { outcome: 'expired' }],
    ['lookup', { request_id: ID, status: 'CANCELLED' }, { outcome: 'cancelled' }],
    ['lookup', { status: '101', error_text: 'No response found' }, { outcome: 'unknown' }],
  ])('%s answered %j', async (operation, body, expected) => {
    vonage.respond = json(200, body);
    expect(await call(new VonageV1Provider(vonage.options), operation)).toEqual(expected);
  });

  it.each<[string, object]>([
    ['no status', { request_id: ID }],
    ['a numeric status', { request_id: ID, status: 0 }],
    ['an empty object', {}],
    ['a success without a request', { status: '0' }],
    ['a success of another request', { status: '0', request_id: 'f'.repeat(32) }],
    ['a list', [{ status: '0', request_id: ID }]],
  ])('a check answered with %s is never a success', async (_name, body) => {
    vonage.respond = json(200, body);
    expect(await new VonageV1Provider(vonage.options).check(ID, '123456')).toMatchObject({
      fault: 'unknown-outcome',
    });
  });

  it('sends what the account pays for: one text with a code of the asked length', async () => {
    vonage.respond = json(200, { request_id: ID, status: '0' });
    await new VonageV1Provider(vonage.options).start({ ...START, locale: 'de-de' });
    expect(vonage.received[0]).toMatchObject({ method: 'POST', url: '/verify/json' });
    expect(vonage.received[0]!.headers['authorization']).toBe(
      `Basic ${Buffer.from('key:s3cret').toString('base64')}`,
    );
    expect(JSON.parse(vonage.received[0]!.body)).toEqual({
      number: '14155552671',
      brand: 'ACME',
      code_length: 6,
      pin_expiry: 300,
      workflow_id: '6',
      lg: 'de-de',
    });
  });
});
