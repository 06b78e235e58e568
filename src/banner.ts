/** What a person sees who has just started the application. */
export function banner({ port, sandboxUrl }: { port: number; sandboxUrl?: string }): string {
  const url = `http://localhost:${port}`;
  const phone = sandboxUrl?.replace('127.0.0.1', 'localhost');
  return [
    '',
    `  The application   ${url}`,
    ...(phone ? [`  The phone         ${phone}   (sandbox: messages arrive here, nothing is sent)`] : []),
    `  The API           ${url}/docs`,
    '',
    '  Try it:',
    `    curl -H 'Accept: application/json' -d phoneNumber=14155552671 ${url}/request-otp`,
    ...(phone ? [`    curl '${phone}/ledger?to=14155552671'`] : []),
    '',
    '',
  ].join('\n');
}
