import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  FakeVerificationProvider,
  signInWithSms,
  startTestDatabase,
  type TestDatabase,
} from 'nest-sms-otp/testing';
import supertest from 'supertest';
import { WebSocket } from 'ws';
import { AppModule } from '../src/app.module.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const provider = new FakeVerificationProvider();
const anna = { phoneNumber: '+14155552671', provider };
let database: TestDatabase;
let app: NestExpressApplication;

before(async () => {
  database = await startTestDatabase();
  app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot({
      databaseUrl: database.url,
      jwtSecret: randomBytes(32).toString('base64url'),
      verification: { provider, keys: { encryption: ring('e1'), fingerprint: ring('f1') } },
    }),
    { logger: ['error', 'warn'] },
  );
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
});
after(async () => {
  await app.close();
  await database.stop();
});

/** A client with the token of the password alone. */
async function withPassword() {
  const agent = supertest.agent(app.getHttpServer());
  const { body } = await agent.post('/login').send({ password: 'a password of the tests' }).expect(200);
  agent.auth(body.accessToken, { type: 'bearer' });
  return { agent, token: body.accessToken as string };
}

async function withCode() {
  const { agent } = await withPassword();
  const { accessToken } = await signInWithSms(agent, anna);
  agent.auth(accessToken, { type: 'bearer' });
  return { agent, token: accessToken as string };
}

const graphql = async (agent: ReturnType<typeof supertest.agent>, query: string) =>
  (await agent.post('/graphql').send({ query })).body as {
    data: unknown;
    errors?: { message: string }[];
  };

async function balance(token?: string): Promise<{ event: string; data: unknown }> {
  const socket = new WebSocket((await app.getUrl()).replace('http', 'ws'), {
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ event: 'balance' }));
  const [message] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return JSON.parse(message.toString());
}

test('resolvers are closed until the code was shown', async () => {
  const nobody = supertest.agent(app.getHttpServer());
  assert.match((await graphql(nobody, '{ account { id } }')).errors![0]!.message, /forbidden/i);
  assert.deepEqual((await graphql(nobody, '{ version }')).data, { version: '1' });
  const { agent } = await withCode();
  assert.deepEqual((await graphql(agent, '{ account { id } }')).data, { account: { id: '1' } });
  assert.deepEqual((await graphql(agent, 'mutation { closeAccount }')).data, { closeAccount: true });

  const { agent: again } = await withPassword();
  assert.ok((await graphql(again, '{ account { id } }')).errors);
  await signInWithSms(again, anna);
});

test('messages of a socket are answered only with the code', async () => {
  assert.equal((await balance()).event, 'exception');
  assert.equal((await balance((await withPassword()).token)).event, 'exception');
  assert.deepEqual(await balance((await withCode()).token), { event: 'balance', data: 100 });
});
