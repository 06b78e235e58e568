import type { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { administrator } from './administrator.js';

describe('the forms of the history', () => {
  let application: TestApplication;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication();
    person = await administrator(application, 'html');
  });
  afterAll(() => application.close());

  it('show a number that was refused again, with what is wrong, above the list', async () => {
    const page = await person.submitsAndFollows('/admin/verifications/search', { phoneNumber: '12' });
    expect(page.text).toMatch(/<a href="#phoneNumber">This is not a valid phone number/);
    expect(page.text).toMatch(/<input id="phoneNumber"[^>]* value="12" aria-invalid="true"/);
    expect(page.text).toContain('<caption>');
  });

  it('show an export that was refused again, under its filters and with what was typed', async () => {
    const filters = { status: 'FAILED', country: 'DE' };
    const refused = await person.submits('/admin/verifications.csv', { ...filters, why: 'no' });
    expect([refused.status, refused.headers.get('location')]).toEqual([
      303,
      '/admin/verifications?status=FAILED&country=DE',
    ]);
    const page = await person.get(refused.headers.get('location')!);
    expect(page.text).toMatch(/<a href="#why">Enter a reason of at least 3 characters/);
    expect(page.text).toMatch(/<input id="why"[^>]* value="no"[^>]* aria-invalid="true"/);
    expect(page.text).toContain('<input type="hidden" name="status" value="FAILED">');
    expect(page.text).toContain('<caption>');
    const programs = await person.post('/admin/verifications.csv', { why: 'no' });
    expect(programs.status).toBe(400);
  });

  it('lead to the history when the address of the export is opened', async () => {
    const answer = await person.get('/admin/verifications.csv');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/verifications']);
  });
});
