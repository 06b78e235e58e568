import type { CDPSession, Page } from 'playwright-core';

/** Of one tab. */
export interface Reader {
  devtools: CDPSession;
  authenticatorId: string;
}

/** A tab of a computer whose fingerprint reader knows the finger on it. */
export async function readerIn(page: Page): Promise<Reader> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  return { devtools, authenticatorId: await addReader(devtools) };
}

/** One more reader, which has no passkeys yet. @returns the id of its authenticator */
export async function addReader(devtools: CDPSession): Promise<string> {
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
  return authenticatorId;
}
