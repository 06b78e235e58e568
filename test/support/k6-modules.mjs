// The parts of k6's modules that load/k6.js uses. k6 is a program of its own that npm and Debian do not have. Calls wait for their
// answer, as they do in k6.
import { execFileSync } from 'node:child_process';

const FETCH = `
  const { method, url, body, headers } = JSON.parse(process.argv[1]);
  fetch(url, { method, body, headers }).then(async (answer) =>
    process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.text() })));
`;

/** @returns k6's Response, as far as the script reads it */
function send(method, url, body, { headers } = {}) {
  const given = JSON.stringify({ method, url, body, headers });
  const answer = JSON.parse(execFileSync(process.execPath, ['-e', FETCH, given], { encoding: 'utf8' }));
  return {
    ...answer,
    json: (path) => path.split('.').reduce((value, name) => value?.[name], JSON.parse(answer.body)),
  };
}

export const checks = [];
export function check(value, conditions) {
  const results = Object.entries(conditions).map(([name, holds]) => [name, Boolean(holds(value))]);
  checks.push(...results);
  return results.every(([, isRight]) => isRight);
}
export const sleep = () => undefined;

export default {
  get: (url, params) => send('GET', url, undefined, params),
  post: (url, body, params) => send('POST', url, body, params),
  scenario: { iterationInTest: 0 },
};
