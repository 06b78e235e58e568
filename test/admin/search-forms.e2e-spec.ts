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

  it('lead to the history when the address of the export is opened', async () => {
    const answer = await person.get('/admin/verifications.csv');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/verifications']);
  });
});
