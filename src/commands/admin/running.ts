import { userInfo } from 'node:os';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Command } from 'commander';
import type { AdminActor } from '../../admin/index.js';
import { withApplication } from '../on-the-database.js';

/** Who types, as the audit has it. */
export const actor = (): AdminActor => `cli:${userInfo().username}`;

/** What a command comes to: `lines` for people, `result` for programs. Refused or not found: exit code 1. */
export interface Outcome {
  result: unknown;
  lines: string[];
  refused?: boolean;
}

export type Services = <T>(type: Type<T>) => T;

/** Runs a command with the application's parts, and prints what it came to. */
export async function running(program: Command, work: (get: Services) => Promise<Outcome>): Promise<void> {
  const { json } = program.opts<{ json?: boolean }>();
  const { result, lines, refused } = await withApplication((app: INestApplicationContext) =>
    work((type) => app.get(type, { strict: false })),
  );
  const text = json ? `${JSON.stringify(result)}\n` : lines.map((line) => `${line}\n`).join('');
  program.configureOutput().writeOut!(text);
  if (refused) process.exitCode = 1;
}

/** Progress is for people who wait, not for what reads the result. */
export const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** A command that changes something. */
export const act = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .requiredOption('--reason <text>', 'why; for the audit (3 to 500 characters)', (text) => {
      if (text.trim().length < 3 || text.length > 500) throw new Error('--reason needs 3 to 500 characters');
      return text.trim();
    });

/** Counts by table, a line each. */
export const rowsOfTables = (rows: Record<string, number>): string[] =>
  Object.entries(rows).map(([table, count]) => `${table}: ${count}`);
