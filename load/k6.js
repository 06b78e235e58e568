// The whole verification against a deployment with the sandbox: start, read the code from the sandbox, verify. docs/load.md explains it.
//   k6 run -e TARGET=http://localhost:3000 -e SANDBOX=http://localhost:3001 -e RATE=5 -e DURATION=1m load/k6.js
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';

const TARGET = __ENV.TARGET || 'http://localhost:3000';
const SANDBOX = __ENV.SANDBOX || 'http://localhost:3001';
const RATE = Number(__ENV.RATE || 5);

export const options = {
  scenarios: {
    verification: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: __ENV.DURATION || '1m',
      preAllocatedVUs: RATE * 5,
      maxVUs: RATE * 30,
    },
  },
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{step:start}': ['p(95)<1500', 'p(99)<3000'],
    'http_req_duration{step:verify}': ['p(95)<1500', 'p(99)<3000'],
    // Iterations that k6 could not begin: too few virtual users, because answers are too slow.
    dropped_iterations: ['count<1'],
  },
};

/** Two runs one after the other use other numbers. */
export function setup() {
  return { firstNumber: Date.now() % 7_000_000 };
}

const post = (path, body, step) =>
  http.post(TARGET + path, JSON.stringify(body), {
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    tags: { step },
  });

export default function ({ firstNumber }) {
  // Numbers of New York that look real. The sandbox sends nothing to them.
  const phoneNumber = `+1212${2_200_000 + ((firstNumber + exec.scenario.iterationInTest) % 7_000_000)}`;
  const started = post('/request-otp', { phoneNumber }, 'start');
  if (!check(started, { 'the code is sent': ({ status }) => status === 200 })) return;

  const ledger = http.get(`${SANDBOX}/ledger?to=${encodeURIComponent(phoneNumber)}`, {
    tags: { step: 'ledger' },
  });
  const otpCode = ledger.json('0.code');
  sleep(1); // somebody types

  const verified = post('/verify-otp', { requestId: started.json('requestId'), otpCode }, 'verify');
  check(verified, {
    'the number is verified': (answer) => answer.status === 200 && answer.json('status') === 'VERIFIED',
  });
}
