import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Phrases that nobody would say to a colleague. Each was used here once and has a plain replacement. */
const REPLACED = [
  'unless told',
  'what is no ',
  'brings what is asked for',
  'asked for the same again',
  'once each',
  'gets the messages of requests out',
  'is worth nothing from then on',
  'lets go of the last message',
  'a round was left out',
  'announceForTheDead',
  'clearTheWay',
  'wayWasCleared',
  'SAID_OUTRIGHT',
  'SMS cost money',
  'one browser neither',
  'takes itself up',
  'yours to forget',
  'in the kind that was asked',
  'and the like hear of',
  'if the database is away',
  'before anything else was asked for',
  'a destination stopped by itself',
  'lost answers looked into',
  'not received it',
  'a code of 6 digits',
  'that was too often',
  'what shows who you are',
  'this is no phone number',
  'somebody has touched',
  'find too little',
  'begin anew',
  'does not belong into',
  'its own witness',
  'member a fence',
  'events wait',
];

/** Labels and sentences that pages had once. Each has a replacement that people know from other sites. */
const REPLACED_ON_PAGES = [
  'make an account',
  'go on',
  'receive a code',
  'prefer',
  'stop trusting',
  'was not done',
  'not possible',
  'you may not',
  'use this code',
  'a code of',
  'operator may charge',
  'carrier may charge',
  'replace by',
  'no longer counts',
  'forget wrong codes',
  'refused starts',
  'what would happen',
  'one verification',
  'codes typed',
  'nobody has touched',
  'to what',
  'until it is',
  'too often',
  'is not right',
  'do not send',
  'second factor',
  'whole number',
  'make it',
  'lift',
  'ask the rules',
  'in force',
  'nothing is lost',
  'hopefully',
];

const FOLDERS = ['docs', 'messages', 'views', 'src', 'test', 'examples', '.github'];
const PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

function textFiles(): string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return [...PAGES, ...inFolders].filter(
    (file) =>
      /\.(ts|mjs|md|json|hbs|yml)$/.test(file) &&
      !file.startsWith('docs/api') &&
      file !== 'test/english.spec.ts',
  );
}

describe('the English of the project', () => {
  it('has none of the phrases that were replaced', () => {
    const found = textFiles().flatMap((file) => {
      // A phrase may be broken over two lines, with the asterisk of a comment between.
      const text = readFileSync(file, 'utf8')
        .replace(/\n\s*(\/\/|\*)?\s*/g, ' ')
        .toLowerCase();
      return REPLACED.filter((phrase) => text.includes(phrase.toLowerCase())).map(
        (phrase) => `${file}: "${phrase}"`,
      );
    });
    expect(found).toEqual([]);
  });

  it('has none of the labels that pages had before', () => {
    const messages = JSON.parse(readFileSync('messages/en.json', 'utf8')) as Record<string, string>;
    const views = readdirSync('views', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.hbs'))
      // What people read there: neither the tags nor the names of messages.
      .map((file) => [file, readFileSync(join('views', file), 'utf8').replace(/\{\{.*?\}\}|<[^>]*>/gs, ' ')]);
    const read = [...Object.entries(messages), ...views] as [string, string][];
    const found = read.flatMap(([where, text]) =>
      REPLACED_ON_PAGES.filter((label) => new RegExp(`\\b${label}\\b`, 'i').test(text)).map(
        (label) => `${where}: "${label}"`,
      ),
    );
    expect(found).toEqual([]);
  });
});
