import { PASSWORD } from '../host/visitor.js';
import type { Step } from './journey.js';
import { appCodeOf, entersCode } from './proofs.js';

const APP = 'Code from your authenticator app';

/** Steps that several journeys take. */
export const signsOut: Step = {
  name: 'signs out',
  at: () => '/account',
  on: ['Your account'],
  act: (_walk, page, press) => press(page.getByRole('button', { name: 'Sign out', exact: true }).first()),
  leadsTo: 'Sign in',
  // Who is signed out already is not asked to sign in first.
  isAnonymous: true,
};

export const typesPassword: Step = {
  name: 'types the password',
  on: ['Sign in'],
  act: async (walk, page, press) => {
    await walk.fills(page, 'Email address', walk.email);
    await walk.fills(page, 'Password', PASSWORD);
    await press(page.getByRole('button', { name: 'Sign in', exact: true }));
  },
  leadsTo: 'Confirm it’s you',
  isAnonymous: true,
};

export const asksForCode = (on: string, leadsTo = 'Enter your code', more: Partial<Step> = {}): Step => ({
  name: 'asks for a code',
  on: [on],
  act: (_walk, page, press) => press(page.getByRole('button', { name: 'Text me a code' }).first()),
  leadsTo,
  texts: 1,
  ...more,
});

export const typesCode = (leadsTo: string, on = 'Enter your code', more: Partial<Step> = {}): Step => ({
  name: 'types the code',
  on: [on],
  act: (walk, page, press) => entersCode(walk, page, walk.code, press),
  leadsTo,
  ...more,
});

export const addsPhone = (leadsTo: string): Step[] => [
  {
    name: 'adds a phone',
    at: () => '/two-factor/settings',
    on: ['Two-factor sign-in'],
    act: async (walk, page, press) => {
      await walk.fills(page, 'Add a phone number', walk.numbers.at(-1)!);
      await press(page.getByRole('button', { name: 'Send code' }).first());
    },
    leadsTo: 'Enter your code',
    texts: 1,
  },
  typesCode(leadsTo),
];

export const makesRecoveryCodes: Step[] = [
  {
    name: 'makes recovery codes',
    at: () => '/two-factor/recovery-codes',
    on: ['Recovery codes'],
    act: (_walk, page, press) => press(page.getByRole('button', { name: 'Get new recovery codes' })),
    leadsTo: 'Your recovery codes',
    isShownOnce: true,
    notes: async (walk, page) => {
      walk.codes = await page.locator('.codes code').allTextContents();
    },
  },
  {
    name: 'has saved them',
    on: ['Your recovery codes', 'Recovery codes'],
    act: async (_walk, page, press) => {
      const saved = page.getByRole('button', { name: 'I’ve saved my codes' });
      const way = (await saved.isVisible())
        ? saved
        : page.getByRole('link', { name: 'Back to two-factor sign-in' });
      await press(way);
    },
    leadsTo: 'Two-factor sign-in',
  },
];

export const showsApp = (on: string, leadsTo: string, more: Partial<Step> = {}): Step => ({
  name: 'shows the app',
  on: [on],
  act: async (walk, page, press) => entersCode(walk, page, await appCodeOf(walk), press, APP),
  leadsTo,
  ...more,
});

/** Asks to remove a factor, and removes it. @param name of its button */
export const removes = (what: string, name: string): Step[] => [
  {
    name: `asks to remove the ${what}`,
    at: () => '/two-factor/settings',
    on: ['Two-factor sign-in'],
    act: async (_walk, page, press) => {
      const edit = page.locator('summary', { hasText: 'Edit' }).first();
      if (what === 'phone') await edit.click();
      await press(page.getByRole('button', { name }).first());
    },
    leadsTo: `Remove this ${what}?`,
  },
  {
    name: `removes the ${what}`,
    on: [`Remove this ${what}?`],
    act: (_walk, page, press) => press(page.getByRole('button', { name: 'Remove', exact: true })),
    leadsTo: 'Two-factor sign-in',
  },
];
