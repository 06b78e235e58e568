import type { ExecutionContext } from '@nestjs/common';
import { PasswordGuard } from './local.strategy.js';

/** The guard of an application, and a sign-in there. */
function application(name: string) {
  const guard = new PasswordGuard({
    authenticate: async (_request: unknown, email: string, password: string) =>
      password === `the password at ${name}` ? { id: `${email} at ${name}` } : null,
  } as unknown as ConstructorParameters<typeof PasswordGuard>[0]);
  return async (password: string) => {
    const request = { body: { email: 'ada', password } } as { user?: unknown };
    const http = { getRequest: () => request, getResponse: () => ({}) };
    await guard.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
    return request.user;
  };
}

it('two applications in one process check passwords of their own users', async () => {
  const [first, second] = [application('first'), application('second')];
  expect(await first('the password at first')).toEqual({ id: 'ada at first' });
  expect(await second('the password at second')).toEqual({ id: 'ada at second' });
  await expect(first('the password at second')).rejects.toMatchObject({ code: 'sign-in-failed' });
});
