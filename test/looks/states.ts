import { generate } from 'otplib';
import { freshNumber, wrongCode } from '../support/application.js';
import { idIn, type Person } from './person.js';

/** A state of a page: how to get there, and where it is. It is made anew for every language. */
export interface State {
  name: string;
  /** Whether a picture of it is compared with a reference. */
  picture?: boolean;
  /** The picture of docs/images that is made of it. */
  image?: string;
  /** In English only. */
  isEnglish?: boolean;
  /** @returns the path to open */
  reach: (person: Person) => Promise<string> | string;
}

const at = (path: string, name = path, picture = false): State => ({ name, picture, reach: () => path });
const REASON = 'a customer called';

/** Pages for everybody. */
export const ANYBODY: State[] = [
  at('/', 'phone form', true),
  { name: 'phone form, refused', reach: (person) => person.posts('/request-otp', { phoneNumber: '12' }) },
  { name: 'code', picture: true, image: 'code-page.png', reach: (person) => person.starts() },
  {
    name: 'code, wrong',
    picture: true,
    reach: async (person) => {
      const requestId = idIn(await person.starts());
      return person.posts('/verify-otp', { requestId, otpCode: wrongCode(person.code) });
    },
  },
  {
    name: 'code, too soon for another',
    reach: async (person) => person.posts('/resend-otp', { requestId: idIn(await person.starts()) }),
  },
  {
    name: 'result',
    reach: async (person) => {
      const requestId = idIn(await person.starts());
      return person.posts('/verify-otp', { requestId, otpCode: person.code });
    },
  },
  {
    name: 'code, cancelled',
    reach: async (person) => {
      const address = await person.starts();
      await person.application.advanceProvider(60);
      await person.posts('/cancel-otp', { requestId: idIn(address) });
      return address;
    },
  },
  {
    name: 'code, expired',
    picture: true,
    reach: async (person) => {
      const address = await person.starts();
      await person.application.sql.query(
        `UPDATE otp_verification_requests SET expires_at = now() - interval '1 second' WHERE id = $1`,
        [idIn(address)],
      );
      return address;
    },
  },
  {
    name: 'code, tried too often',
    reach: async (person) => {
      const address = await person.starts();
      for (let tries = 0; tries < 3; tries += 1)
        await person.posts('/verify-otp', { requestId: idIn(address), otpCode: wrongCode(person.code) });
      return address;
    },
  },
  {
    name: 'code, message blocked',
    picture: true,
    reach: async (person) => {
      const address = await person.starts();
      await person.application.sql.query(
        `UPDATE otp_verification_requests SET status = 'FAILED', reason = 'fraud-blocked', ended_at = now() WHERE id = $1`,
        [idIn(address)],
      );
      return address;
    },
  },
  {
    name: 'phone form, too many requests',
    picture: true,
    reach: async (person) => {
      const phoneNumber = freshNumber();
      // In another spelling each time: the same form at once would be a double click.
      const posts = (spaces: number) =>
        person.posts('/request-otp', { phoneNumber: phoneNumber + ' '.repeat(spaces) });
      for (let requests = 0; requests < 3; requests += 1) await posts(requests);
      return posts(3);
    },
  },
  at('/verify-otp?requestId=01890000-0000-7000-8000-000000000000', 'code of an unknown request'),
  at('/nowhere', 'not found', true),
  at('/components', 'components', true),
  { name: 'docs', isEnglish: true, reach: () => '/docs' },
  {
    name: 'phone of the sandbox',
    isEnglish: true,
    image: 'phone-page.png',
    reach: ({ application }) => application.sandbox.url,
  },
  at('/sign-in', 'sign-in', true),
  {
    name: 'sign-in, failed',
    reach: (person) => person.posts('/sign-in', { email: 'nobody@example.com', password: 'not this one' }),
  },
  at('/sign-up', 'sign-up'),
  { name: 'sign-up, refused', reach: (person) => person.posts('/sign-up', { email: 'x' }) },
  { name: 'sign-up, mail sent', reach: (person) => person.posts('/sign-up', { email: 'new@example.com' }) },
  at('/sign-up/finish?token=none', 'a link that does not work'),
  at('/password-reset', 'password reset'),
];

/** Somebody who is signed in, without a second factor and then with all of them. */
export const ACCOUNT: State[] = [
  { name: 'account, no factor', reach: async (person) => (await person.signsUp(), '/account') },
  at('/account/sessions', 'sessions'),
  at('/account/password', 'change of password'),
  {
    name: 'change of password, refused',
    reach: (person) => person.posts('/account/password', { password: 'x', newPassword: 'x' }),
  },
  at('/account/users', 'forbidden'),
  at('/two-factor', 'no second factor'),
  at('/two-factor/settings', 'settings, empty'),
  {
    name: 'settings, number refused',
    reach: (person) => person.posts('/two-factor/phones', { phoneNumber: '12' }),
  },
  {
    name: 'code of an enrolment',
    reach: (person) => person.posts('/two-factor/phones', { phoneNumber: freshNumber() }),
  },
  { name: 'account', reach: async (person) => (await person.enrols(), '/account') },
  { name: 'authenticator', picture: true, reach: (person) => person.posts('/two-factor/authenticators') },
  {
    name: 'authenticator, wrong code',
    reach: (person) => person.posts('/two-factor/authenticators/confirm', { otpCode: '000000' }),
  },
  at('/two-factor/recovery-codes', 'recovery codes to make'),
  { name: 'recovery codes', picture: true, reach: (person) => person.posts('/two-factor/recovery-codes') },
  {
    name: 'settings',
    picture: true,
    reach: async (person) => {
      const text = await person.reads(await person.posts('/two-factor/authenticators'));
      const secret = /<code[^>]*>([A-Z2-7 ]{16,})</.exec(text)![1]!.replaceAll(' ', '');
      await person.posts('/two-factor/authenticators/confirm', { otpCode: await generate({ secret }) });
      return '/two-factor/settings';
    },
  },
  {
    name: 'removal',
    picture: true,
    reach: async (person) => {
      const text = await person.reads('/two-factor/settings');
      return person.posts(/action="([^"]*\/phones\/[^"]+\/remove)"/.exec(text)![1]!);
    },
  },
  {
    name: 'payment, refused',
    reach: (person) => person.posts('/account/payment', { amount: 'x', recipient: 'ACME' }),
  },
  {
    name: 'step-up',
    reach: (person) => person.posts('/account/payment', { amount: '40.00', recipient: 'W'.repeat(60) }),
  },
  {
    name: 'choice of factors',
    picture: true,
    reach: async (person) => {
      await person.posts('/two-factor/sign-out');
      return person.signsIn();
    },
  },
  {
    name: 'choice of factors, wrong code',
    reach: (person) => person.posts('/two-factor/code', { factor: 'totp', otpCode: '000000' }),
  },
  {
    name: 'code of a challenge',
    reach: async (person) => {
      await person.application.advanceProvider(60);
      return person.posts('/two-factor/challenge');
    },
  },
  at('/two-factor/step-up/0', 'nothing to confirm'),
];

/** The administration. The first state makes the administrator and something to look at. */
export const ADMINISTRATION: State[] = [
  {
    name: 'admin: verifications',
    reach: async (person) => {
      await person.signsUp();
      await person.enrols();
      await person.becomes('admin');
      return '/admin/verifications';
    },
  },
  at('/admin/verifications?from=yesterday', 'admin: a bad date'),
  {
    name: 'admin: a verification',
    reach: async (person) => `/admin/verifications/${(await person.application.started()).requestId}`,
  },
  at('/admin/verifications/17', 'admin: an unknown verification'),
  at('/admin/decisions', 'admin: blocked attempts'),
  at('/admin/statistics', 'admin: statistics'),
  at('/admin/statistics?groupBy=provider-status', 'admin: statistics by status'),
  at('/admin/statistics?from=x', 'admin: statistics, a bad date'),
  {
    name: 'admin: blocks',
    reach: (person) => person.posts('/admin/blocks', { kind: 'country', value: 'KP', reason: REASON }),
  },
  {
    name: 'admin: a block, refused',
    picture: true,
    reach: (person) =>
      person.posts('/admin/blocks', { kind: 'country', value: 'Korea', until: '05/11/2026' }),
  },
  at('/admin/persons', 'admin: numbers and users'),
  {
    name: 'admin: erasure, refused',
    reach: (person) => person.posts('/admin/persons/erase', { form: 'erase', phoneNumber: '12', reason: '' }),
  },
  {
    name: 'admin: erasure, shown first',
    picture: true,
    reach: async (person) => {
      const { phoneNumber } = await person.application.started();
      return person.posts('/admin/persons/erase', { phoneNumber, reason: REASON });
    },
  },
  at('/admin/policy', 'admin: policy'),
  {
    name: 'admin: a token',
    reach: (person) =>
      person.posts('/admin/tokens', { name: 'nightly', scopes: 'audit:read', reason: REASON }),
  },
  at('/admin/tokens', 'admin: tokens'),
  at('/admin/audit', 'admin: audit'),
  { name: 'admin: audit, verified', reach: (person) => person.posts('/admin/audit/verify') },
  {
    name: 'admin: a form that came late',
    reach: async (person) => {
      await person.ages();
      return person.posts('/admin/blocks', { kind: 'country', value: 'KP', reason: REASON });
    },
  },
];
