import type { Page } from 'playwright-core';
import { type Journey, make } from './journey.js';
import { showsRecoveryCode } from './proofs.js';
import { addsPhone, asksForCode, removes, typesCode, typesPassword } from './steps.js';
import type { Walk } from './walk.js';

const losesPhone: Journey = {
  name: 'lose the phone, sign in with a recovery code, replace the phone',
  begins: async (walk) => {
    const visitor = await walk.hasAccount({ phone: true });
    await walk.hasRecoveryCodes(visitor);
    await walk.opens('/sign-in');
    walk.hasLostPhone = true;
    walk.newNumber();
  },
  steps: [
    typesPassword,
    {
      name: 'shows a recovery code',
      on: ['Confirm it’s you'],
      act: (walk, page, press) => showsRecoveryCode(walk, page, press),
      leadsTo: 'Two-factor sign-in',
      notes: async (walk) => void walk.codes.shift(),
    },
    ...addsPhone('Two-factor sign-in'),
    ...removes('phone', 'Remove phone'),
  ],
  ends: { phones: 1 },
};

const CONFIRM = 'Confirm this action';
const pay = (page: Page) => page.getByRole('button', { name: 'Pay', exact: true });

/** A new session confirms nothing that another has asked for. The form has kept what was typed. */
async function ordersAgain(walk: Walk, page: Page): Promise<void> {
  await walk.isOn(page, 'Make a payment');
  await walk.goes(page, () => pay(page).click());
}

const pays: Journey = {
  name: 'confirm a payment by a text message',
  begins: async (walk) => walk.takesOver(await walk.hasAccount({ phone: true })),
  steps: [
    {
      name: 'orders',
      at: () => '/account/payment',
      on: ['Make a payment'],
      act: async (walk, page, press) => {
        await walk.fills(page, 'Amount in EUR', '40.00');
        await walk.fills(page, 'Recipient', 'ACME');
        await press(pay(page));
      },
      leadsTo: CONFIRM,
    },
    asksForCode(CONFIRM, CONFIRM, { again: ordersAgain }),
    typesCode('Payment complete', CONFIRM, {
      again: async (walk, page) => {
        await ordersAgain(walk, page);
        walk.texts += 1;
        await walk.goes(page, () => page.getByRole('button', { name: 'Text me a code' }).click());
      },
    }),
  ],
  ends: { phones: 1, payments: ['40.00 to ACME'] },
};

make(losesPhone, pays);
