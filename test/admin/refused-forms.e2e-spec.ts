import type { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { administrator } from './administrator.js';

describe('a form of the administration that is refused', () => {
  let application: TestApplication;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication();
    person = await administrator(application, 'html');
  });
  afterAll(() => application.close());

  const WRONG = 'ab';
  const REQUIRED = 'Enter a reason of at least 3 characters';
  const added = async (path: string, fields: Record<string, string>) => {
    await person.submits(path, { ...fields, reason: 'for the test' });
    // A new token is shown once.
    await person.get(path);
    const { text } = await person.get(path);
    return [...text.matchAll(/name="row" value="([^"]+)"/g)].map(([, row]) => row!);
  };
  const fieldsWith = (text: string, value: string) =>
    [...text.matchAll(/<input id="([^"]+)" name="reason"[^>]*>/g)]
      .filter(([field]) => field.includes(`value="${value}"`))
      .map(([field, id]) => [id, field.includes('aria-invalid="true"')]);

  it.each([
    ['/admin/blocks', { kind: 'prefix', value: '447700' }, 'lift'],
    ['/admin/tokens', { name: 'nightly', scopes: 'history:read' }, 'revoke'],
  ])('has its reason at its own field: %s', async (path, fields: Record<string, string>, act) => {
    const [row] = await added(path, fields);
    const { text } = await person.submitsAndFollows(`${path}/${row}/${act}`, {
      row: row!,
      reason: WRONG,
    });
    expect(text).toContain(`<a href="#reason-${row}">${REQUIRED}</a>`);
    expect(fieldsWith(text, WRONG)).toEqual([[`reason-${row}`, true]]);
    const ofNewOne = await person.submitsAndFollows(path, { ...fields, reason: WRONG });
    expect(ofNewOne.text).toContain(`<a href="#reason">${REQUIRED}</a>`);
    expect(fieldsWith(ofNewOne.text, WRONG)).toEqual([['reason', true]]);
  });

  it.each([
    ['/admin/blocks', '/admin/blocks', { kind: 'prefix', value: '44 77', until: 'soon', reason: WRONG }],
    ['/admin/tokens', '/admin/tokens', { name: 'nightly', until: 'soon', reason: WRONG }],
    [
      '/admin/policy',
      '/admin/policy/simulate',
      { phoneNumber: '12', purpose: 'x', userId: 'y', country: 'ZZ' },
    ],
    ['/admin/persons', '/admin/locks/lift', { form: 'lock', phoneNumber: '12', userId: 'y', reason: WRONG }],
  ])('has the same fields as before: %s', async (page, path, fields: Record<string, string>) => {
    const names = (text: string) =>
      [...text.matchAll(/<(?:input|select)[^>]* name="([^"]+)"/g)].map(([, name]) => name);
    const fresh = await person.get(page);
    const refused = await person.submitsAndFollows(path, fields);
    expect(refused.text).toContain('There is a problem');
    expect(names(fresh.text)).toEqual(expect.arrayContaining(Object.keys(fields)));
    expect(names(refused.text)).toEqual(names(fresh.text));
  });

  it.each(['cancel', 'reveal'])('has its reason at its own field: a verification, %s', async (act) => {
    const { requestId } = await application.started();
    const path = `/admin/verifications/${requestId}`;
    const { text } = await person.submitsAndFollows(`${path}/${act}`, { row: act, reason: WRONG });
    expect(text).toContain(`<a href="#reason-${act}">${REQUIRED}</a>`);
    expect(fieldsWith(text, WRONG)).toEqual([[`reason-${act}`, true]]);
  });

  it('about nobody says so, and not that something was done', async () => {
    const nobody = { userId: person.email, reason: 'asked by letter' };
    const fresh = await person.get('/admin/persons');
    expect(fresh.text).toContain('aria-describedby="reset-userId-hint"');
    const reset = await person.submitsAndFollows('/admin/users/reset-factors', { ...nobody, form: 'reset' });
    expect(reset.text).toContain('There were no sign-in methods under this user ID.');
    expect(reset.text).not.toContain('were removed');
    const erased = await person.submitsAndFollows('/admin/persons/erase', { ...nobody, form: 'erase' });
    expect(erased.text).toContain('an email address finds nobody');
    const verification = await person.get('/admin/verifications/0198f2c4-0000-7000-8000-000000000001');
    expect(verification.text).toContain('There is no such verification.');
  });
});
