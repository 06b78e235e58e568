import { PasswordChanges } from '../../src/host/passwords/password-changes.js';
import { Users } from '../../src/host/users.service.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { Visitor } from './visitor.js';

describe('a password that is changed while it is checked', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it('opens no session, although it was right when it was typed', async () => {
    const owner = await new Visitor(application).signsUp();
    const users = application.app.get(Users, { strict: false });
    const passwords = application.app.get(PasswordChanges, { strict: false });
    const authenticate = users.authenticate.bind(users);
    jest.spyOn(users, 'authenticate').mockImplementationOnce(async (email, password) => {
      const user = await authenticate(email, password);
      await passwords.change(user!.id, 'quite another password');
      return user;
    });
    const thief = owner.elsewhere();
    const answer = await thief.post('/sign-in', { email: owner.email, password: owner.password });
    expect([answer.status, answer.body['code']]).toEqual([401, 'sign-in-failed']);
    expect((await thief.get('/account')).status).toBe(401);
    thief.password = 'quite another password';
    await thief.signsIn();
    expect((await thief.get('/account')).status).toBe(200);
  });
});
