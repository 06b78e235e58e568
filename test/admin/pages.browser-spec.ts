import { freshNumber } from '../support/application.js';
import { inBrowser, SCRIPTING } from '../support/chromium.js';
import { PeopleInBrowsers, type PersonInBrowser } from '../host/person-in-browser.js';

jest.setTimeout(300_000);

inBrowser('the administration in a real browser', () => {
  const people = new PeopleInBrowsers();
  beforeAll(() => people.start());
  afterEach(() => people.closeWindow());
  afterAll(() => people.stop());

  /** Somebody with the role and a second factor, at the front door. */
  async function administrator(options: object = {}): Promise<PersonInBrowser> {
    const person = await people.somebody(options);
    await person.signsUp();
    await people.application.sql.query(`UPDATE host_users SET role = 'admin' WHERE email = $1`, [
      person.email,
    ]);
    // Nothing to show yet: led to where a factor is enrolled.
    await person.goes('/admin');
    await person.sees('Two-factor sign-in');
    await person.enrols();
    await person.goes('/account');
    await person.follows('Administration');
    await person.sees('Verifications');
    return person;
  }

  const begun = async (body: object) =>
    (await people.application.client.json('POST', '/request-otp', body)).body['requestId'] as string;

  describe.each(SCRIPTING)('%s', (_name, javaScriptEnabled) => {
    afterEach(() => expect(people.problems).toEqual([]));

    it('somebody filters, pages, opens a timeline, acts on it, blocks a prefix, and takes an export along', async () => {
      const person = await administrator({ javaScriptEnabled, acceptDownloads: true });
      const { page } = person;
      for (let i = 0; i < 60; i += 1) await begun({ phoneNumber: freshNumber() });
      const phoneNumber = freshNumber();
      const requestId = await begun({ phoneNumber });
      const german = await begun({ phoneNumber: `+49151123456${javaScriptEnabled ? '71' : '72'}` });

      await person.goes('/admin/verifications');
      const rows = page.locator('tbody tr');
      expect(await rows.count()).toBe(50);
      const newest = await rows.first().innerText();
      await person.follows('Older');
      await page.waitForURL(/after=/);
      expect(await rows.first().innerText()).not.toBe(newest);
      await person.follows('Newer');
      await page.waitForURL(/before=/);
      expect(await rows.first().innerText()).toBe(newest);

      await person.fills('Country', 'DE');
      await person.presses('Apply');
      await page.waitForURL(/country=DE/);
      expect(await page.locator(`a[href$="${german}"]`).count()).toBe(1);
      await person.goes('/admin/verifications');
      await page.getByLabel('Phone number', { exact: true }).fill(phoneNumber);
      await person.presses('Search');
      await page.waitForURL(/number=/);
      expect(page.url()).not.toContain(phoneNumber.slice(2));
      expect(await rows.count()).toBe(1);
      await page.locator(`a[href$="${requestId}"]`).click();
      await person.sees('Verification');
      await person.reads('No rule blocked this request');

      await page.locator('#reason-cancel').fill('a customer called');
      await person.presses('Cancel request');
      await person.reads('The request was cancelled.');
      await page.locator('#reason-reveal').fill('a customer called');
      await person.presses('Show full number');
      await person.sees('Full number');
      await person.reads(phoneNumber);

      await person.goes('/admin/blocks');
      await page.getByLabel('Type').selectOption('prefix');
      await person.fills('Value', '+49 1511');
      await page.locator('#reason').fill('pumping');
      await person.presses('Add block');
      await person.reads('Block added.');
      const refused = await people.application.client.json('POST', '/request-otp', {
        phoneNumber: '+4915111111111',
      });
      expect(refused.status).toBe(403);
      await person.goes('/admin/decisions');
      await person.reads('block-list');
      await person.goes('/admin/blocks');
      await page.locator('td input[name=reason]').first().fill('over');
      await person.presses('Remove');
      await person.reads('Block removed.');

      await person.goes('/admin/statistics?groupBy=country');
      expect(await page.locator('svg rect').count()).toBeGreaterThan(1);
      await person.goes('/admin/verifications?country=DE');
      await page.locator('#why').fill('for the books');
      const [download] = await Promise.all([page.waitForEvent('download'), person.presses('Download')]);
      expect(download.suggestedFilename()).toMatch(/^verifications-.*\.csv$/);
      // The page stays, and so does its button.
      await Promise.all([page.waitForEvent('download'), person.presses('Download')]);
      await person.goes('/admin/audit');
      await person.reads('history.exported');
      await person.reads('number.revealed');
      await person.presses('Verify audit log');
      await person.reads('Audit log intact.');
    });

    it('a form that is posted after a long time is done once the factor is shown', async () => {
      const person = await administrator({ javaScriptEnabled });
      const { page } = person;
      await person.goes('/admin/blocks');
      await page.getByLabel('Type').selectOption('country');
      await person.fills('Value', javaScriptEnabled ? 'KP' : 'CU');
      await page.locator('#reason').fill('pumping');
      await people.application.sql.query(
        `UPDATE host_sessions SET sess = regexp_replace(sess::text, '"completedAt":"[^"]+"', '"completedAt":"2020-01-01T00:00:00.000Z"', 'g')::json`,
      );
      await people.application.advanceProvider(60);
      await person.presses('Add block');
      await person.reads(`Confirm it’s you to block ${javaScriptEnabled ? 'KP' : 'CU'}`);
      await person.presses('Text me a code');
      await person.types(person.code);
      await person.reads('Block added.');
      await page.reload();
      await page.goBack();
      expect(await page.title()).not.toBe('');
      const { rows } = await people.application.sql.query(
        'SELECT 1 FROM otp_block_entries WHERE label = $1',
        [javaScriptEnabled ? 'KP' : 'CU'],
      );
      expect(rows).toHaveLength(1);
    });

    it('somebody makes and revokes a token, asks the rules, and erases a person', async () => {
      const person = await administrator({ javaScriptEnabled });
      const { page } = person;
      await person.goes('/admin/tokens');
      await person.presses('Create token');
      await person.reads('There is a problem');
      await person.fills('Name', 'nightly');
      await page.getByLabel('history:read').check();
      await page.locator('form[action="/admin/tokens"] #reason').fill('reports');
      await person.presses('Create token');
      await person.sees('Your new token');
      const token = await page.locator('#token').inputValue();
      const read = () =>
        people.application.client.json('GET', '/admin/verifications', undefined, {
          Authorization: `Bearer ${token}`,
        });
      expect((await read()).status).toBe(200);
      await person.goes('/admin/tokens');
      await page.locator('td input[name=reason]').first().fill('over');
      await person.presses('Revoke');
      await person.reads('Token revoked.');
      expect((await read()).status).toBe(401);

      const phoneNumber = freshNumber();
      await begun({ phoneNumber });
      await person.goes('/admin/policy');
      await person.fills('Phone number', phoneNumber);
      await person.presses('Simulate');
      await person.reads('Blocked');
      await person.reads('live-request');
      await person.goes('/admin/persons');
      await page.locator('#erase-phoneNumber').fill(phoneNumber);
      await page.locator('#erase-reason').fill('a letter');
      await person.presses('Show what would be erased');
      await person.reads('This would be erased of +1');
      await page.getByRole('button', { name: /^Erase \d+ rows? of/ }).click();
      await person.reads('Erased: +1');
      await person.reads('Verifications');
    });
  });
});
