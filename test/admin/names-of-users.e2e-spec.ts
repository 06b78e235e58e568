import { startApplication } from '../support/application.js';
import { administrator, program } from './administrator.js';

describe('the forms and lists of the administration', () => {
  it('call users by their addresses, with the id beside, and by the id where nobody knows the name', async () => {
    const application = await startApplication();
    const admin = await program(application);
    const person = await administrator(application, 'html');
    try {
      const { rows } = await application.sql.query<{ id: string }>(
        'SELECT id FROM host_users WHERE email = $1',
        [person.email],
      );
      const id = rows[0]!.id;
      const block = { kind: 'country', value: 'CU', reason: 'a customer called' };
      await admin.post('/admin/blocks', { ...block, value: 'KP' });
      await person.submitsAndFollows('/admin/blocks', block);
      const named = `<bdi title="user:${id}">${person.email}</bdi>`;
      for (const list of ['blocks', 'audit'])
        expect((await person.get(`/admin/${list}`)).text).toContain(named);
      const { text } = await person.get(`/admin/verifications?user=${id}`);
      expect(text).toContain(
        `<a href="/admin/verifications?user=${id}"><bdi title="${id}">${person.email}</bdi></a>`,
      );
      const { body } = await admin.get('/admin/audit');
      const items = body['items'] as { actor: string; actorName: string | null }[];
      expect(items.find(({ actor }) => actor === `user:${id}`)).toMatchObject({ actorName: person.email });
      expect(items.find(({ actor }) => actor.startsWith('token:'))).toMatchObject({ actorName: null });
      await application.sql.query(
        `INSERT INTO otp_admin_audit (at, actor, action, target, reason, details)
       VALUES (now(), 'user:nobody-known', 'factors.reset', $1, 'a test', '{}')`,
        [`user ${id}`],
      );
      const audit = (await person.get('/admin/audit')).text;
      expect(audit).toContain('<td>user:nobody-known</td>');
      expect(audit).toContain(`<bdi title="user ${id}">${person.email}</bdi>`);
    } finally {
      await application.close();
    }
  });
});
