import { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { administrator, program, type Program } from './administrator.js';

const REASON = 'a customer called';

describe('the forms that erase', () => {
  let application: TestApplication;
  let admin: Program;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication();
    admin = await program(application);
    person = await administrator(application, 'html');
  });
  afterAll(() => application.close());

  const started = async () => (await application.started()).phoneNumber;
  const form = (phoneNumber: string) => ({
    phoneNumber,
    userId: '',
    reason: 'asked by letter',
    form: 'erase',
  });
  const hidden = (text: string) =>
    Object.fromEntries(
      [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
        name!,
        value!.replaceAll('&#x3D;', '='),
      ]),
    );
  const isKnown = async (phoneNumber: string) => {
    const { body } = await admin.post('/admin/persons/erase', {
      phoneNumber,
      dryRun: true,
      reason: 'a look',
    });
    return (body['rows'] as Record<string, number>)['verification_requests'] ?? 0;
  };

  it('always show first what would go, and the button says how much of whom', async () => {
    const phoneNumber = await started();
    // Whatever the form says about a dry run.
    for (const more of [{}, { dryRun: 'on' }] as Record<string, string>[]) {
      const page = await person.submitsAndFollows('/admin/persons/erase', { ...form(phoneNumber), ...more });
      expect(page.text).toContain(`This would be erased of +1 ••• ••• ••${phoneNumber.slice(-2)}`);
      expect(page.text).toMatch(/<th scope="row">Verifications<\/th><td>1<\/td>/);
      expect(page.text).toMatch(
        new RegExp(`class="danger">Erase \\d+ rows of \\+1 ••• ••• ••${phoneNumber.slice(-2)}<`),
      );
    }
    expect(await isKnown(phoneNumber)).toBe(1);
    const preview = await person.submitsAndFollows('/admin/persons/erase', form(phoneNumber));
    const done = await person.submitsAndFollows('/admin/persons/erase', hidden(preview.text));
    expect(done.text).toContain('Receipt: audit log entry');
    expect(await isKnown(phoneNumber)).toBe(0);
  });

  it('erase nothing when what would go has changed meanwhile, and show it anew', async () => {
    const phoneNumber = await started();
    const preview = await person.submitsAndFollows('/admin/persons/erase', form(phoneNumber));
    await admin.post('/admin/blocks', { kind: 'number', value: phoneNumber, reason: REASON });
    const stopped = await person.submitsAndFollows('/admin/persons/erase', hidden(preview.text));
    expect(stopped.text).toContain('Nothing was erased.');
    expect(stopped.text).toMatch(/<th scope="row">Blocks<\/th><td>1<\/td>/);
    expect(await isKnown(phoneNumber)).toBe(1);
    const again = await person.submitsAndFollows('/admin/persons/erase', hidden(stopped.text));
    expect(again.text).toContain('Receipt: audit log entry');
    // A program that sends what its dry run said is held to it as well.
    const stale = await admin.post('/admin/persons/erase', {
      phoneNumber: await started(),
      reason: REASON,
      preview: hidden(preview.text)['preview'],
    });
    expect(stale.body).toMatchObject({ status: 409, code: 'preview-outdated' });
  });

  it('count what they then erase, second factors too', async () => {
    const owner = await (await new Visitor(application).signsUp()).enrols();
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT id FROM host_users WHERE email = $1',
      [owner.email],
    );
    const userId = rows[0]!.id;
    const dry = await admin.post('/admin/persons/erase', { userId, dryRun: true, reason: REASON });
    expect(dry.body).toMatchObject({ receipt: null, person: owner.email, rows: { factors: 1 } });
    const { preview } = dry.body as { preview: string };
    const erased = await admin.post('/admin/persons/erase', { userId, preview, reason: REASON });
    expect(erased.body['rows']).toEqual(dry.body['rows']);
  });

  it('keep what was typed in the one form of three that was refused', async () => {
    const page = await person.submitsAndFollows('/admin/persons/erase', { ...form('+1 415 12'), reason: '' });
    expect(page.text).toContain('<a href="#erase-reason">');
    expect(page.text).toMatch(/id="erase-phoneNumber"[^>]*value="\+1 415 12"/);
    expect(page.text).toMatch(/id="lock-phoneNumber"[^>]*value=""/);
  });
});
