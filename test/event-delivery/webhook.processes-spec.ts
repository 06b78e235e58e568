import { Webhook } from 'standardwebhooks';
import { furtherInstances } from '../support/instances.js';
import { until } from '../support/until.js';
import {
  type DeliveryUnderTest,
  deliveryUnderTest,
  NEW_SECRET,
  numbersOf,
  OLD_SECRET,
  PATIENCE,
  REASON,
  secret,
} from './delivery.js';

describe('the webhook for events', () => {
  let t: DeliveryUnderTest;
  beforeAll(async () => {
    t = await deliveryUnderTest();
  });
  afterEach(() => t.mend());
  afterAll(() => t?.close());

  it('gets every event once it is over, in order, signed with the new secret and the old one', async () => {
    const { requestId, phoneNumber } = await t.verified();
    await until(() => t.whole(requestId), { what: 'four deliveries' });
    const deliveries = t.receiver.of(requestId);
    expect(deliveries.map(({ message }) => message.type)).toEqual([
      'verification.started',
      'verification.sent',
      'verification.check-claimed',
      'verification.matched',
    ]);
    for (const { headers, text, id, message } of deliveries) {
      expect(id).toBe(`evt_${requestId}_${message.data.number}`);
      expect(headers['content-type']).toBe('application/json');
      for (const each of [NEW_SECRET, OLD_SECRET])
        expect(new Webhook(each).verify(text, headers as Record<string, string>)).toEqual(message);
      expect(() => new Webhook(secret()).verify(text, headers as Record<string, string>)).toThrow();
      expect(() => new Webhook(NEW_SECRET).verify(`${text} `, headers as Record<string, string>)).toThrow();
      expect(text).not.toContain(phoneNumber.slice(-7));
    }
    expect(deliveries[3]!.message).toEqual({
      type: 'verification.matched',
      timestamp: expect.stringMatching(/Z$/),
      data: {
        requestId,
        number: 4,
        at: expect.stringMatching(/Z$/),
        type: 'matched',
        from: 'PENDING',
        to: 'VERIFIED',
        reason: null,
        actor: 'caller',
        providerStatus: 'matched',
        price: null,
        currency: null,
        purpose: 'phone-verification',
        userId: null,
      },
    });
    await until(async () => (await t.waiting()) === 0, { what: 'nothing waits' });
  });

  it('gets an event again until it confirms it; later ones of the request wait, those of others do not', async () => {
    const refused: string[] = [];
    t.receiver.answer = ({ message, id }, response) => {
      const isRefused = message.data.number === 1 && refused.length < 1;
      if (isRefused) refused.push(id);
      response.writeHead(isRefused ? 500 : 200).end('an answer that nobody reads');
    };
    const { requestId } = await t.verified();
    await until(() => t.whole(requestId), { what: 'all events' });
    const numbers = numbersOf(t.receiver, requestId);
    expect(numbers).toEqual([...numbers].sort((one, two) => one - two));
    expect(numbers.slice(0, 2)).toEqual([1, 1]);
    expect(refused).toEqual([`evt_${requestId}_1`]);

    t.receiver.answer = ({ message }, response) =>
      response.writeHead(message.data.requestId === stuck ? 500 : 200).end();
    const { requestId: stuck } = await t.application.started();
    const other = await t.verified();
    await until(() => t.whole(other.requestId), { what: 'the other request' });
    t.receiver.answer = (_delivery, response) => response.writeHead(200).end();
    await until(async () => (await t.waiting()) === 0, { what: 'nothing waits' });
    for (const { id } of (await t.letters()) as { id: string }[])
      await t.admin.post(`/admin/dead-letters/${id}/discard`, REASON);
  });

  it.each([
    ['a redirect', 'http 302', 302],
    ['an error', 'http 503', 503],
    ['no answer within the time limit', 'timeout', null],
  ])('takes %s for a refusal; then the event is a dead letter', async (_, error, status) => {
    t.receiver.answer = ({ message }, response) => {
      if (message.data.number !== 1) response.writeHead(204).end();
      else if (status !== null) response.writeHead(status, { Location: `${t.receiver.url}/elsewhere` }).end();
    };
    const { requestId } = await t.application.started();
    await until(async () => (await t.letters()).length > 0, { what: 'a dead letter', ...PATIENCE });
    const [letter] = await t.letters();
    const event = { eventId: `evt_${requestId}_1`, requestId, number: 1, type: 'started' };
    expect(letter).toMatchObject({ ...event, tries: 2, error });
    await until(() => numbersOf(t.receiver, requestId).includes(2), { what: 'the next event' });
    expect(numbersOf(t.receiver, requestId)).toEqual([1, 1, 2]);
    expect(t.receiver.paths()).toEqual(['/events']);
    await t.admin.post(`/admin/dead-letters/${letter!['id'] as string}/discard`, REASON);
  });

  it('of two instances gets each event from one of them', async () => {
    const others = await furtherInstances(t.application, 2, t.env);
    try {
      const requests = await Promise.all(Array.from({ length: 8 }, () => t.verified()));
      for (const { requestId } of requests) {
        await until(() => t.whole(requestId), { what: 'all events' });
        expect(numbersOf(t.receiver, requestId)).toEqual([1, 2, 3, 4]);
      }
    } finally {
      await others.close();
    }
  });
});
