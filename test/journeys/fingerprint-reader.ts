import type { CDPSession, Page } from 'playwright-core';

/** Of one tab. */
export interface Reader {
  devtools: CDPSession;
  authenticatorId: string;
}

/** A reader that knows the finger on it. */
export async function readerIn(page: Page): Promise<Reader> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { devtools, authenticatorId };
}
