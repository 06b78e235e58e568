import type { Page } from 'playwright-core';
import { PASSWORD } from '../host/visitor.js';
import { type Journey, make } from './journey.js';
import { addsPhone, asksForCode, makesRecoveryCodes, signsOut, typesCode, typesPassword } from './steps.js';
import { once, type Walk } from './walk.js';

/** Signing in again has taken the person through the rest of the journey. */
async function startsSignInAgain(walk: Walk, page: Page): Promise<void> {
  await walk.opens('/account');
  await walk.goes(page, () => signsOut.act(walk, page, once));
  await walk.goes(page, () => typesPassword.act(walk, page, once));
}

/** No account is needed. */
const verifiesNumber: Journey = {
  name: 'verify a number',
  begins: async (walk) => void walk.newNumber(),
  steps: [
    {
      name: 'asks for a code',
      at: () => '/',
      on: ['Verify your phone number'],
      act: async (walk, page, press) => {
        await walk.fills(page, 'Phone number', walk.numbers[0]!);
        await press(page.getByRole('button', { name: 'Send code' }));
      },
      leadsTo: 'Enter your code',
      texts: 1,
      isAnonymous: true,
    },
    typesCode('Phone number verified', 'Enter your code', { isAnonymous: true }),
  ],
  holds: async (walk) => expect((await walk.facts()).requests).toEqual(['VERIFIED']),
};

const signsUp: Journey = {
  name: 'sign up, add a phone, save recovery codes, sign out, sign in',
  begins: async (walk) => void walk.newNumber(),
  steps: [
    {
      name: 'asks for a link',
      at: () => '/sign-up',
      on: ['Create account'],
      act: async (walk, page, press) => {
        await walk.fills(page, 'Email address', walk.email);
        await press(page.getByRole('button', { name: 'Send link' }));
      },
      leadsTo: 'Check your email',
      links: 1,
      isAnonymous: true,
      isShownOnce: true,
    },
    {
      name: 'chooses a password',
      at: (walk) => walk.application.mailbox.link(walk.email),
      on: ['Choose a password'],
      act: async (walk, page, press) => {
        await walk.fills(page, 'New password', PASSWORD);
        await press(page.getByRole('button', { name: 'Create account' }));
      },
      leadsTo: 'Your account',
      isAnonymous: true,
    },
    ...addsPhone('Recovery codes'),
    ...makesRecoveryCodes,
    signsOut,
    typesPassword,
    asksForCode('Confirm it’s you', 'Enter your code', { again: startsSignInAgain }),
    typesCode('Your account'),
  ],
  ends: { phones: 1, apps: 0, passkeys: 0, codes: 10 },
  holds: async (walk) => expect(await walk.codesWork()).toBe(true),
};

make(verifiesNumber, signsUp);
