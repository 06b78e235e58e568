import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../support/free-port.js';
import { RedisServer, withRedis } from '../support/redis-server.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import { type DoctorUnderTest, doctorUnderTest, of, PASSWORD, textOf } from './doctor.js';

describe('the doctor of other services', () => {
  let t: DoctorUnderTest;
  beforeAll(async () => {
    t = await doctorUnderTest();
  });
  afterAll(() => t?.close());

  it('says when Vonage cannot be reached', async () => {
    const found = await t.findings({
      VONAGE_API_HOST: `http://127.0.0.1:${await freePort()}`,
      VONAGE_API_KEY: 'k',
      VONAGE_API_SECRET: PASSWORD,
    });
    expect(of(found, 'vonage')).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('connection refused') },
    ]);
    expect(textOf(found)).not.toContain(PASSWORD);
  });

  it('says whether the receiver of events can be reached', async () => {
    const receiver = await startWebhookReceiver();
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const webhook = {
      WEBHOOKS_URL: receiver.url,
      WEBHOOKS_SECRETS: secret,
      WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
    };
    try {
      expect(of(await t.findings(webhook), 'webhook')).toMatchObject([
        { state: 'ok', message: expect.stringContaining('signed with 1 secret') },
      ]);
    } finally {
      await receiver.close();
    }
    const found = await t.findings(webhook);
    expect(of(found, 'webhook')).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('connection refused') },
    ]);
    expect(textOf(found)).not.toContain(secret.slice(6));
  });

  it('says whether the file of events can be written, and writes nothing', async () => {
    const folder = t.application.dataDirectory;
    const stateOf = async (file: string) => of(await t.findings({ EVENTS_FILE: file }), 'events file');
    expect(await stateOf(join(folder, 'events.jsonl'))).toMatchObject([{ state: 'ok' }]);
    expect(existsSync(join(folder, 'events.jsonl'))).toBe(false);
    expect(await stateOf('-')).toMatchObject([{ state: 'ok' }]);
    expect(await stateOf(folder)).toMatchObject([
      { state: 'wrong', message: `${folder} cannot be written: it is a folder` },
    ]);
    expect(await stateOf(join(folder, 'missing', 'events.jsonl'))).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('the file or its folder does not exist') },
    ]);
  });

  it('says whether the mail server lets the application in', async () => {
    const server = createServer((socket) => {
      socket.write('220 ready\r\n');
      socket.setEncoding('utf8').on('data', (line: string) => {
        if (line.startsWith('EHLO')) socket.write('250-here\r\n250 AUTH PLAIN\r\n');
        else if (line.startsWith('AUTH'))
          socket.write(line.includes(plain('right')) ? '235 fine\r\n' : '535 who is otp?\r\n');
        else socket.end('221 bye\r\n');
      });
    });
    const plain = (password: string) => Buffer.from(`\0otp\0${password}`).toString('base64');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const mail = async (password: string) =>
      of(
        await t.findings({
          SMTP_URL: `smtp://otp:${password}@127.0.0.1:${port}`,
          MAIL_FROM: 'otp@example.com',
        }),
        'e-mail',
      );
    try {
      expect(await mail('right')).toMatchObject([
        { state: 'ok', message: expect.stringContaining(`127.0.0.1:${port}`) },
      ]);
      const refused = await mail(PASSWORD);
      expect(refused).toMatchObject([
        { state: 'wrong', message: expect.stringContaining('refused the credentials') },
      ]);
      expect(textOf(refused)).not.toContain(PASSWORD);
    } finally {
      server.close();
    }
    expect(await mail('right')).toMatchObject([
      { state: 'wrong', message: expect.stringContaining('no connection to the mail server') },
    ]);
  });

  withRedis('Redis', () => {
    it('that answers, that wants a password, and that is unavailable', async () => {
      const redis = await RedisServer.start();
      try {
        expect(of(await t.findings({ REDIS_URL: redis.url }), 'redis')).toMatchObject([{ state: 'ok' }]);
        const client = new Redis(redis.url);
        await client.config('SET', 'requirepass', PASSWORD);
        client.disconnect();
        expect(of(await t.findings({ REDIS_URL: redis.url }), 'redis')).toMatchObject([
          { state: 'wrong', message: 'Redis wants a password, and REDIS_URL has none' },
        ]);
        const withPassword = (password: string) => ({
          REDIS_URL: redis.url.replace('//', `//:${password}@`),
        });
        expect(of(await t.findings(withPassword(PASSWORD)), 'redis')).toMatchObject([{ state: 'ok' }]);
        const found = of(await t.findings(withPassword(`${PASSWORD}x`)), 'redis');
        expect(found).toMatchObject([{ state: 'wrong', message: 'Redis refused the user or the password' }]);
        expect(textOf(found)).not.toContain(PASSWORD);
      } finally {
        await redis.close();
      }
      expect(of(await t.findings({ REDIS_URL: redis.url }), 'redis')).toMatchObject([
        { state: 'wrong', message: 'connection refused' },
      ]);
    });
  });
});
