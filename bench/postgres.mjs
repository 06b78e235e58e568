import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/src/database/embedded-postgres/index.js';
import { atExit } from './cleanup.mjs';

/** One server for everybody, with the durability that Postgres has by default; a database of its own for each measurement. */
export class Postgres {
  /**
   * @param {string} url
   * @param {string} dataDirectory
   */
  constructor(url, dataDirectory) {
    this.url = url;
    this.pid = Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** @param {string} folder */
  static async start(folder) {
    const dataDirectory = join(folder, 'postgres');
    const server = await startEmbeddedPostgres({ dataDirectory });
    atExit(() => server.stop());
    return new Postgres(server.adminUrl, dataDirectory);
  }

  /** @param {string} database */
  urlOf(database) {
    const url = new URL(this.url);
    url.pathname = `/${database}`;
    return url.href;
  }

  /**
   * @param {string} database
   * @param {string} [template] copied with all its rows
   */
  async create(database, template) {
    await this.sql(`CREATE DATABASE ${database}${template ? ` TEMPLATE ${template}` : ''}`);
    return this.urlOf(database);
  }

  /** @param {string} database */
  drop(database) {
    return this.sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  }

  /**
   * Makes every commit of a database take longer, as a replicated one's do.
   * @param {string} database
   * @param {number} milliseconds
   */
  async delayCommits(database, milliseconds) {
    await this.sql(`ALTER DATABASE ${database} SET commit_delay = ${milliseconds * 1000}`);
    await this.sql(`ALTER DATABASE ${database} SET commit_siblings = 0`);
  }

  /** So that nobody pays for what another one wrote. */
  checkpoint() {
    return this.sql('CHECKPOINT');
  }

  /**
   * @param {string} text may be several statements: the last one's rows count
   * @param {unknown[]} [values]
   * @param {string} [database]
   * @returns {Promise<any[]>}
   */
  async sql(text, values, database = 'postgres') {
    const client = new pg.Client(this.urlOf(database));
    await client.connect();
    try {
      const result = /** @type {any} */ (await client.query(text, values));
      return (Array.isArray(result) ? result.at(-1) : result).rows;
    } finally {
      await client.end();
    }
  }
}
