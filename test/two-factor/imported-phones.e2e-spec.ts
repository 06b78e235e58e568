import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  EnrolledPhones,
  type TwoFactorModuleOptions,
  type TwoFactorNotice,
  twoFactorEntities,
  TwoFactorModule,
  TwoFactorNotifier,
  verificationEntities,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

class Notifier extends TwoFactorNotifier {
  readonly told: [string, TwoFactorNotice['type']][] = [];

  notify(userId: string, { type }: TwoFactorNotice): void {
    this.told.push([userId, type]);
  }
}

describe('numbers that the application has verified before', () => {
  let database: TestDatabase;
  const apps: NestExpressApplication[] = [];
  const notifier = new Notifier();
  const provider = new FakeVerificationProvider();
  const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
  const verifiedAt = new Date('2024-05-06T07:08:09Z');

  const startHost = async (options: Partial<TwoFactorModuleOptions> = {}) => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [...verificationEntities, ...twoFactorEntities],
        }),
        VerificationModule.forRoot({ provider, keys, reconcileEverySeconds: null }),
        TwoFactorModule.forRoot({ sessions: new HeaderSessions(), notifier, ...options }),
      ],
    })
    class HostModule {}
    const app = await nestApplication(HostModule);
    apps.push(await app.init());
    return app.get(EnrolledPhones);
  };
  let phones: EnrolledPhones;
  beforeAll(async () => {
    database = await createTestDatabase();
    phones = await startHost();
  });
  beforeEach(() => notifier.told.splice(0));
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await database.drop();
  });

  it('become a factor of their user without a message, and the row says since when', async () => {
    const number = freshNumber();
    const { phone, isNew } = await phones.import('anna', number, verifiedAt, { label: 'private' });
    expect(isNew).toBe(true);
    expect(phone).toMatchObject({ label: 'private', isPrimary: true, createdAt: verifiedAt });
    expect(phone.importedAt!.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect((await phones.numberOf('anna', phone.id)).e164).toBe(number);
    expect(provider.messages).toEqual([]);
    expect(notifier.told).toEqual([['anna', 'phone-added']]);
    // The property of the row is no number, and does not look like one.
    expect(phone.sealedNumber).toMatch(/^v1:e1:/);
  });

  it('are looked for in any spelling, and anything else is refused with a clear error', async () => {
    const number = freshNumber();
    await phones.import('spelled', number, verifiedAt);
    expect(await phones.usersOf(number.replace('+1', '+1 '))).toEqual(['spelled']);
    for (const wrong of ['', '4155552671', 'anna', undefined, null] as string[])
      await expect(phones.usersOf(wrong)).rejects.toThrow(RangeError);
  });

  it('stay as they are when they are imported again, in another spelling or at the same moment', async () => {
    const number = freshNumber();
    const spelt = `${number.slice(0, 2)} ${number.slice(2, 5)}-${number.slice(5)}`;
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => phones.import('berta', i % 2 ? number : spelt, verifiedAt)),
    );
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(results.map(({ phone }) => phone.id)).size).toBe(1);
    expect(await phones.ofUser('berta')).toHaveLength(1);
    expect(notifier.told).toHaveLength(1);
  });

  it('belong to one user, also when two are imported at the same moment', async () => {
    const number = freshNumber();
    const users = Array.from({ length: 6 }, (_, i) => `user ${i} of one number`);
    const imports = await Promise.allSettled(users.map((user) => phones.import(user, number, verifiedAt)));
    expect(imports.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of imports)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'number-taken' });
    expect(await phones.usersOf(number)).toHaveLength(1);
  });

  it('may be shared where the application allows it, and name their users', async () => {
    const shared = await startHost({ sharedNumbers: true });
    const number = freshNumber();
    for (const user of ['carla', 'dora']) await shared.import(user, number, verifiedAt);
    expect(await shared.usersOf(number)).toEqual(['carla', 'dora']);
    expect(await shared.usersOf(freshNumber())).toEqual([]);
  });

  it('are no more than a user may have', async () => {
    for (let i = 0; i < 5; i += 1) await phones.import('emma', freshNumber(), verifiedAt);
    await expect(phones.import('emma', freshNumber(), verifiedAt)).rejects.toMatchObject({
      code: 'too-many-factors',
    });
  });

  it.each([
    ['is no number', () => phones.import('frida', 'not a number', verifiedAt), 'not a phone number'],
    ['is in no country', () => phones.import('frida', '4155550000', verifiedAt), 'not a phone number'],
    ['takes no messages', () => phones.import('frida', '+18005551234', verifiedAt), 'not a phone number'],
    ['has no user', () => phones.import('', freshNumber(), verifiedAt), 'needs the id of its user'],
    [
      'was verified in the future',
      () => phones.import('frida', freshNumber(), new Date(Date.now() + 60_000)),
      'verifiedAt must be',
    ],
    [
      'was verified at no time',
      () => phones.import('frida', freshNumber(), new Date('never')),
      'verifiedAt must be',
    ],
  ])('are refused by name when one %s', async (_, importOne, message) => {
    await expect(importOne()).rejects.toThrow(message);
    expect(await phones.ofUser('frida')).toEqual([]);
  });

  it('come by the hundred, and nobody is told if that is asked for', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ userId: `user ${i}`, number: freshNumber() }));
    for (let i = 0; i < rows.length; i += 10)
      await Promise.all(
        rows
          .slice(i, i + 10)
          .map(({ userId, number }) => phones.import(userId, number, verifiedAt, { notify: false })),
      );
    expect(await phones.usersOf(rows[299]!.number)).toEqual(['user 299']);
    expect(notifier.told).toEqual([]);
  });
});
