import { DEMO_PASSWORD, DEMO_USERS } from './host/index.js';

/** What a person sees who has just started the application. */
export function banner({
  port,
  sandboxUrl,
  demoUsers = false,
}: {
  port: number;
  sandboxUrl?: string;
  demoUsers?: boolean;
}): string {
  const url = `http://localhost:${port}`;
  const phone = sandboxUrl?.replace('127.0.0.1', 'localhost');
  return [
    '',
    `  The application   ${url}`,
    ...(phone ? [`  The phone         ${phone}   (sandbox: messages arrive here, nothing is sent)`] : []),
    ...(demoUsers
      ? [`  Sign in           ${url}/sign-in   as ${DEMO_USERS[0].email}, ${DEMO_PASSWORD}`]
      : []),
    `  The API           ${url}/docs`,
    '',
    '  Try it:',
    `    curl -H 'Accept: application/json' -d phoneNumber=14155552671 ${url}/request-otp`,
    ...(phone ? [`    curl '${phone}/ledger?to=14155552671'`] : []),
    '',
    '',
  ].join('\n');
}
