import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './cleanup.mjs';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

/**
 * @typedef {object} Program
 * @property {number} pid
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => string} lastWords what it wrote to its standard error
 * @property {() => Promise<void>} stop asks it to stop, and makes it
 */

/**
 * A Node program with an environment of its own. Its standard output goes nowhere, as fast as that can be.
 * @param {string} name
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, folder: string, ipc?: boolean }} options folder: for its standard error
 * @returns {Program}
 */
export function startNode(name, args, { env = {}, folder, ipc = false }) {
  const { PATH = '', HOME = '' } = process.env;
  const errorFile = join(folder, `${name}.stderr`);
  const errors = openSync(errorFile, 'w');
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...env },
    stdio: ipc ? ['ignore', 'ignore', errors, 'ipc'] : ['ignore', 'ignore', errors],
  });
  closeSync(errors);
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const isOver = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const stop = atExit(async () => {
    if (isOver()) return;
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(killer);
  });
  const lastWords = () => readFileSync(errorFile, 'utf8').trim().split('\n').slice(-10).join('\n');
  return { pid: child.pid ?? 0, child, lastWords, stop };
}

/**
 * @param {Program} program
 * @param {number} port
 */
export async function untilItListens(program, port) {
  const giveUpAt = Date.now() + START_LIMIT_MS;
  while (!(await isOpen(port))) {
    const { exitCode, signalCode } = program.child;
    if (exitCode !== null || signalCode !== null || Date.now() > giveUpAt) {
      throw new Error(
        `it does not listen (${exitCode ?? signalCode ?? 'too slow'}):\n${program.lastWords()}`,
      );
    }
    await sleep(20);
  }
}

/**
 * The next message of a program with an IPC channel.
 * @param {Program} program
 * @returns {Promise<any>}
 */
export function messageFrom({ child, lastWords }) {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`it ended without an answer:\n${lastWords()}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
