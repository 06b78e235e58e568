// What the code for traces costs while no SDK of OpenTelemetry is registered: `npx nest build && node bench/tracing.mjs`.
// The same work is done through the code for traces and directly, in turns, in one process.
import { EventEmitter } from 'node:events';
import { performance } from 'node:perf_hooks';
import { traced } from '../dist/src/diagnostics/index.js';
import { traceRequests } from '../dist/src/operations/tracing.js';
import { median } from './statistics.mjs';

const ROUNDS = 15;
const CALLS = 100_000;

const work = async () => 1;
const request = { method: 'POST', headers: { host: 'localhost', accept: 'application/json' }, route: {} };
const middleware = traceRequests();
const nothing = () => undefined;
/** An answer that ends. @param {(response: EventEmitter) => void} serve */
const answer = async (serve) => {
  const response = new EventEmitter();
  serve(response);
  response.emit('close');
};

/** Two services, four statements and two calls of the provider belong to a verification, and two requests. */
const PARTS = [
  {
    name: 'a call in a span',
    perVerification: 8,
    directly: work,
    traced: () => traced('sql start', 'client', { 'db.system.name': 'postgresql' }, work),
  },
  {
    name: 'a request',
    perVerification: 2,
    directly: () => answer(nothing),
    traced: () => answer((response) => middleware(request, response, nothing)),
  },
];

/** @returns {Promise<number>} nanoseconds of CPU for each call */
async function measure(call) {
  const before = process.cpuUsage();
  for (let i = 0; i < CALLS; i += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / CALLS;
}

let total = 0;
const began = performance.now();
for (const { name, perVerification, ...ways } of PARTS) {
  const results = { directly: [], traced: [] };
  for (const call of Object.values(ways)) await measure(call);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const way of round % 2 ? ['traced', 'directly'] : ['directly', 'traced'])
      results[way].push(await measure(ways[way]));
  const [directly, traced] = [median(results.directly), median(results.traced)];
  total += ((traced - directly) * perVerification) / 1000;
  process.stdout.write(
    `${name}: ${directly.toFixed(0)} ns of CPU directly, ${traced.toFixed(0)} ns with the code for traces\n`,
  );
}
process.stdout.write(
  `a verification: ${total.toFixed(1)} µs of CPU (${((performance.now() - began) / 1000).toFixed(0)} s)\n`,
);
