import { startApplication, type TestApplication } from '../support/application.js';
import { program, type Program } from './administrator.js';

const REASON = { reason: 'a customer called' };

describe('numbers that administrators type', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication({ DEFAULT_COUNTRY: 'US' });
    admin = await program(application);
    await application.started('+14795550123');
    await application.started('+447400123456');
  });
  afterAll(() => application.close());

  it.each([
    [{ phoneNumber: '479 555 0123' }, '+1 ••• ••• ••23'],
    [{ phoneNumber: '14795550123' }, '+1 ••• ••• ••23'],
    [{ phoneNumber: '011 44 7400 123456' }, '+44 ••• ••• ••56'],
    [{ phoneNumber: '07400 123456', country: 'GB' }, '+44 ••• ••• ••56'],
  ])('the search reads %j with DEFAULT_COUNTRY', async (fields, phoneNumber) => {
    const { body } = await admin.post('/admin/verifications/search', fields);
    expect(body['items']).toMatchObject([{ phoneNumber }]);
  });

  it('a search that could be of another country is refused, and asks for the country', async () => {
    const { status, body } = await admin.post('/admin/verifications/search', { phoneNumber: '07400 123456' });
    expect([status, body['errors']]).toMatchObject([400, [{ field: 'phoneNumber', code: 'country-needed' }]]);
    expect(JSON.stringify(body)).toContain('Choose the country of this number');
    const listed = await admin.get('/admin/verifications?number=4795550123');
    expect([listed.status, listed.body['errors']]).toMatchObject([400, [{ code: 'country-needed' }]]);
  });

  it('a block of a national number stops that number, and no other', async () => {
    const block = { kind: 'number', value: '(479) 555-0124', ...REASON };
    expect((await admin.post('/admin/blocks', block)).body).toMatchObject({ label: '+1 ••• ••• ••24' });
    const refused = await admin.post('/admin/blocks', { ...block, value: '07400 123457' });
    expect([refused.status, refused.body['errors']]).toMatchObject([
      400,
      [{ field: 'value', code: 'country-needed' }],
    ]);
  });

  it.each(['/admin/locks/lift', '/admin/persons/erase'])(
    '%s refuses a number of no known country',
    async (path) => {
      const { status, body } = await admin.post(path, { phoneNumber: '07400 123456', ...REASON });
      expect([status, body['code'], body['errors']]).toMatchObject([
        422,
        'invalid-phone-number',
        [{ code: 'country-needed' }],
      ]);
      const chosen = await admin.post(path, { phoneNumber: '07400 123456', country: 'GB', ...REASON });
      expect(chosen.status).toBe(200);
    },
  );

  it('a simulation reads numbers likewise', async () => {
    const simulated = await admin.post('/admin/policy/simulate', { phoneNumber: '479 555 0125' });
    expect(simulated.body).toMatchObject({ outcome: 'allowed' });
    const refused = await admin.post('/admin/policy/simulate', { phoneNumber: '07400 123456' });
    expect(refused.body).toMatchObject({ outcome: 'refused', code: 'invalid-phone-number' });
  });
});
