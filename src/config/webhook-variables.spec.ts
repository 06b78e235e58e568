import { randomBytes } from 'node:crypto';
import { onNewMachine } from '../../test/support/new-machine.js';

describe('the variables of a webhook', () => {
  const { load, problemsOf } = onNewMachine();

  const WEBHOOK = {
    WEBHOOKS_URL: 'https://example.com/events',
    WEBHOOKS_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  };

  it('reads a webhook with its old and new secrets, and the waits between tries', () => {
    const { options } = load({
      ...WEBHOOK,
      WEBHOOKS_SECRETS: `${WEBHOOK.WEBHOOKS_SECRETS} , whsec_${randomBytes(24).toString('base64')}`,
      WEBHOOKS_RETRY_SECONDS: '5, 60',
    });
    expect(options.verification['events'].webhook).toMatchObject({
      url: WEBHOOK.WEBHOOKS_URL,
      retrySeconds: [5, 60],
    });
    expect(options.verification['events'].webhook.secrets).toHaveLength(2);
  });

  it.each([
    ['no secret', { WEBHOOKS_SECRETS: '' }, 'WEBHOOKS_SECRETS must be set'],
    ['a secret of another kind', { WEBHOOKS_SECRETS: 'hunter2' }, 'WEBHOOKS_SECRETS must be "whsec_"'],
    ['a short secret', { WEBHOOKS_SECRETS: 'whsec_aGVsbG8=' }, 'WEBHOOKS_SECRETS must be "whsec_"'],
    [
      'one wrong secret of two',
      { WEBHOOKS_SECRETS: `${WEBHOOK.WEBHOOKS_SECRETS},x` },
      'WEBHOOKS_SECRETS must',
    ],
    ['no URL', { WEBHOOKS_URL: '' }, 'WEBHOOKS_URL must be set with WEBHOOKS_SECRETS'],
    ['no TLS', { WEBHOOKS_URL: 'http://example.com' }, 'WEBHOOKS_URL must begin with https://'],
    ['another protocol', { WEBHOOKS_URL: 'ftp://example.com' }, 'WEBHOOKS_URL must be a URL'],
    ['a wait of nothing', { WEBHOOKS_RETRY_SECONDS: '5,0' }, 'WEBHOOKS_RETRY_SECONDS must be'],
    [
      'yes for private addresses',
      { WEBHOOKS_PRIVATE_ADDRESSES: 'yes' },
      'WEBHOOKS_PRIVATE_ADDRESSES must be "allow"',
    ],
  ])('refuses a webhook with %s', (_name, change, problem) => {
    expect(problemsOf({ ...WEBHOOK, ...change })).toEqual([expect.stringContaining(problem)]);
  });
});
