/**
 * How one verification goes over HTTP: two POSTs each. The sandbox draws the code 42 every time (bench/sandbox.mjs).
 * @typedef {(path: string, body: string, headers: Record<string, string>) => Promise<string>} Post fails unless 2xx
 * @typedef {(post: Post, phoneNumber: string) => Promise<void>} Conversation fails unless the number is verified
 */

const SIX_DIGITS = '000042';
const FOUR_DIGITS = '0042';

/** Somebody's address: another one for every number. @param {string} phoneNumber */
const address = (phoneNumber) => {
  const count = Number(phoneNumber.slice(-6));
  return `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`;
};
/** @param {string} phoneNumber */
const jsonHeaders = (phoneNumber) => ({
  accept: 'application/json',
  'content-type': 'application/json',
  'x-forwarded-for': address(phoneNumber),
});
/** @param {string} phoneNumber */
const formHeaders = (phoneNumber) => ({
  accept: 'text/html',
  'content-type': 'application/x-www-form-urlencoded',
  'x-forwarded-for': address(phoneNumber),
});

/** @type {Conversation} */
async function json(post, phoneNumber) {
  const headers = jsonHeaders(phoneNumber);
  const started = await post('/request-otp', JSON.stringify({ phoneNumber }), headers);
  const { requestId } = JSON.parse(started);
  const checked = await post('/verify-otp', JSON.stringify({ requestId, otpCode: SIX_DIGITS }), headers);
  if (JSON.parse(checked).status !== 'VERIFIED') throw new Error(`not verified: ${checked}`);
}

/** @type {Conversation} */
async function pages(post, phoneNumber) {
  const headers = formHeaders(phoneNumber);
  const started = await post('/request-otp', `phoneNumber=${phoneNumber.slice(1)}`, headers);
  const requestId = /name="requestId" value="([^"]+)"/.exec(started)?.[1];
  if (!requestId) throw new Error(`not started: ${started}`);
  const checked = await post('/verify-otp', `requestId=${requestId}&otpCode=${FOUR_DIGITS}`, headers);
  if (!checked.includes('is verified')) throw new Error(`not verified: ${checked}`);
}

/** @type {(disableSession: boolean) => Conversation} */
const withBetterAuth = (disableSession) => async (post, phoneNumber) => {
  const headers = jsonHeaders(phoneNumber);
  await post('/api/auth/phone-number/send-otp', JSON.stringify({ phoneNumber }), headers);
  const body = JSON.stringify({ phoneNumber, code: SIX_DIGITS, disableSession });
  const checked = await post('/api/auth/phone-number/verify', body, headers);
  const { status, token } = JSON.parse(checked);
  if (status !== true || (token === null) !== disableSession) throw new Error(`not verified: ${checked}`);
};

export const CONVERSATIONS = {
  json,
  pages,
  betterAuth: withBetterAuth(true),
  betterAuthWithSession: withBetterAuth(false),
};
