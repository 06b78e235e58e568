import { join } from 'node:path';
import { request } from 'undici';
import { messageFrom, startNode } from './processes.mjs';

/** The sandbox as the benchmark sees it: told how slow to be, and asked what it was asked. */
export class Provider {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** @param {string} folder */
  static async start(folder) {
    const program = startNode('sandbox', [join(import.meta.dirname, 'sandbox.mjs')], { folder, ipc: true });
    return new Provider(await messageFrom(program));
  }

  /**
   * Forgets everything, and takes its time from now on.
   * @param {number} latencyMs
   */
  async reset(latencyMs) {
    await this.#call('DELETE', '/ledger');
    if (latencyMs > 0) await this.#call('POST', '/faults', { kind: 'latency', latencyMs, times: 'always' });
  }

  /** @returns {Promise<{ providerRequestId: string, to: string }[]>} every message that went out */
  ledger() {
    return this.#call('GET', '/ledger');
  }

  /** @returns {Promise<{ start: number, check: number, checksByRequest: Record<string, number> } & Record<string, number>>} */
  calls() {
    return this.#call('GET', '/calls');
  }

  /**
   * @param {'GET' | 'POST' | 'DELETE'} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async #call(method, path, body) {
    const answer = await request(this.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
    });
    const text = await answer.body.text();
    if (answer.statusCode > 299) throw new Error(`the sandbox answers ${answer.statusCode} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
