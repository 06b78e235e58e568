import type { Page } from 'playwright-core';
import { type Journey, make } from './journey.js';
import { removes, showsApp, signsOut, typesPassword } from './steps.js';
import type { Walk } from './walk.js';

const SET_UP = 'Set up an authenticator app';
const setUp = (page: Page) => page.getByRole('button', { name: 'Set up authenticator app' });
const readsKey = async (walk: Walk, page: Page) => {
  walk.appKey = (await page.locator('ol code').textContent())!.replaceAll(' ', '');
};

const setsUpApp: Journey['steps'] = [
  {
    name: 'begins an app',
    at: () => '/two-factor/settings',
    on: ['Two-factor sign-in'],
    act: (_walk, page, press) => press(setUp(page)),
    leadsTo: SET_UP,
    notes: readsKey,
  },
  showsApp(SET_UP, 'Recovery codes', {
    // A key counts in the session that was shown it.
    again: async (walk, page) => {
      await walk.goes(page, () => setUp(page).click());
      await readsKey(walk, page);
    },
  }),
];

const addsApp: Journey = {
  name: 'add an authenticator app, sign in with it',
  begins: async (walk) => walk.takesOver(await walk.hasAccount()),
  steps: [...setsUpApp, signsOut, typesPassword, showsApp('Confirm it’s you', 'Your account')],
  ends: { phones: 0, apps: 1, passkeys: 0 },
};

const addsPasskey: Journey = {
  name: 'add a passkey, sign in with it',
  needsJavaScript: true,
  begins: async (walk) => {
    await walk.hasFingerprintReader();
    await walk.takesOver(await walk.hasAccount());
  },
  steps: [
    {
      name: 'adds a passkey',
      at: () => '/two-factor/settings',
      on: ['Two-factor sign-in'],
      act: async (_walk, page, press) => {
        await page.locator('#passkeyLabel').fill('My laptop');
        await press(page.getByRole('button', { name: 'Add a passkey' }));
      },
      leadsTo: 'Two-factor sign-in',
    },
    signsOut,
    typesPassword,
    {
      name: 'uses the passkey',
      on: ['Confirm it’s you'],
      act: (_walk, page, press) => press(page.getByRole('button', { name: 'Use your passkey' })),
      leadsTo: 'Your account',
    },
  ],
  ends: { phones: 0, apps: 0, passkeys: 1 },
};

const hasPhoneAndApp = async (walk: Walk) => {
  const visitor = await walk.hasAccount({ phone: true });
  await walk.hasApp(visitor);
  await walk.takesOver(visitor);
};

const removesFactors: Journey = {
  name: 'remove all factors',
  begins: hasPhoneAndApp,
  steps: [...removes('phone', 'Remove phone'), ...removes('authenticator app', 'Remove Authenticator app')],
  ends: { phones: 0, apps: 0, passkeys: 0 },
};

make(addsApp, addsPasskey, removesFactors);
