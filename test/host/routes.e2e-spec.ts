import { Reflector } from '@nestjs/core';
import { ACCESS } from '../../src/http/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { servedRoutes } from '../support/routes.js';
import { Visitor } from './visitor.js';

interface Route {
  name: string;
  method: string;
  path: string;
  policy: unknown;
}

/** Routes that say nothing, on purpose: who is signed in with all that is demanded reaches them. */
const BY_DEFAULT = [
  'PasswordController.form',
  'PasswordController.change',
  'AccountController.account',
  'SessionsController.list',
  'SessionsController.formTargets',
  'SessionsController.formTargets',
  'SessionsController.end',
  'SessionsController.signOutEverywhere',
];

describe('every route of the application', () => {
  let application: TestApplication;
  let routes: Route[];
  beforeAll(async () => {
    application = await startApplication();
    routes = routesOf(application);
  });
  afterAll(() => application.close());

  function routesOf(application: TestApplication): Route[] {
    const reflector = application.app.get(Reflector);
    return servedRoutes(application).map(({ name, method, path, handler, controller }) => ({
      name,
      method,
      path,
      policy: reflector.getAllAndOverride<unknown>(ACCESS, [handler as never, controller as never]),
    }));
  }

  it('says whom it is for', () => {
    expect(routes.length).toBeGreaterThan(30);
    const silent = routes.filter(({ policy }) => policy === undefined).map(({ name }) => name);
    expect(silent).toEqual(BY_DEFAULT);
  });

  it('is not reached with the password alone, however its address is written', async () => {
    const person = (await (await new Visitor(application).signsUp()).enrols()).elsewhere();
    await person.signsIn();
    const closed = routes.filter(({ policy }) => policy !== 'open' && policy !== 'first-factor');
    expect(closed.length).toBeGreaterThan(10);
    const id = '01890000-0000-7000-8000-000000000000';
    const reached: string[] = [];
    for (const { method, path: template } of closed) {
      const path = template.replace(':id', id);
      for (const spelling of [
        path,
        `${path}/`,
        `/${path}`,
        path.replace(/\/(?=[^/]*$)/, '//'),
        path.replace(/\/(?=[^/]*$)/, '%2f'),
        path.toUpperCase(),
        `${path}?x=1`,
        path.replace('/', '/./'),
        `${path};x=1`,
      ].filter((each) => each.startsWith('/'))) {
        for (const verb of new Set([method, 'GET', 'HEAD', 'POST', 'OPTIONS', 'PUT'])) {
          const answer = await fetch(application.url + spelling, {
            method: verb,
            redirect: 'manual',
            headers: {
              Cookie: person.cookieHeader(),
              Origin: application.url,
              Accept: 'application/json',
              'Content-Type': 'application/json',
            },
            ...(verb === 'POST' || verb === 'PUT' ? { body: '{}' } : {}),
          });
          if (![401, 403, 404, 405].includes(answer.status) && !(verb === 'OPTIONS' && answer.status === 200))
            reached.push(`${verb} ${spelling}: ${answer.status}`);
        }
      }
    }
    expect(reached).toEqual([]);
    // Thousands of requests.
  }, 600_000);

  it('is not reached by nobody', async () => {
    const nobody = new Visitor(application);
    for (const { method, path, policy } of routes.filter(({ policy }) => policy !== 'open')) {
      const answer = await nobody.call(
        method,
        path.replace(':id', '01890000-0000-7000-8000-000000000000'),
        method === 'POST' ? {} : undefined,
      );
      expect([method, path, policy, answer.status]).toEqual([method, path, policy, 401]);
    }
  });
});
