import { SmsFactor } from './sms.factor.js';

const caller = { userId: 'anna' } as Parameters<SmsFactor['check']>[0];

/** A factor for codes of 6 digits, with a request whose code has 8, and what was counted. */
function factorWithOlderRequest() {
  const counted: string[] = [];
  const requests = {
    find: async () => ({ ok: true, request: { codeLength: 8 } }),
    check: async () => ({ ok: false, code: 'wrong-code' }),
  };
  const attempts = {
    begin: async () => {
      counted.push('begin');
      return { waitSeconds: null };
    },
    wasWrong: async () => counted.push('wrong'),
  };
  const parts = [{}, requests, attempts, { codeLength: 6 }] as unknown as ConstructorParameters<
    typeof SmsFactor
  >;
  return { factor: new SmsFactor(...parts), counted };
}

describe('a code of the length that was asked for at the start', () => {
  it('counts as an attempt also after the length was changed', async () => {
    const { factor, counted } = factorWithOlderRequest();
    await factor.check(caller, { requestId: 'id', purpose: 'second-factor', code: '12345678' });
    expect(counted).toEqual(['begin', 'wrong']);
  });

  it('and one of another length counts as none', async () => {
    const { factor, counted } = factorWithOlderRequest();
    await factor.check(caller, { requestId: 'id', purpose: 'second-factor', code: '1234567' });
    expect(counted).toEqual([]);
  });
});
