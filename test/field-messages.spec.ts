import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PIPES_METADATA } from '@nestjs/common/constants.js';
import { getMetadataStorage } from 'class-validator';
import { InputPipe } from '../src/http/index.js';
import type { NumberDefect } from '../src/verification/index.js';

const messages = JSON.parse(readFileSync('messages/en.json', 'utf8')) as Record<string, string>;

/** A constraint of a field: its error code and the numbers in it. */
interface Rule {
  module: string;
  field: string;
  code: string;
  limits: number[];
}

type Class = new (...parameters: never[]) => object;

/** The controllers that check their input, with the module that has the messages. */
function inputControllers(): { controller: Class; module: string }[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.controller.ts'))
    .flatMap((file) => Object.values(require(join('../src', file)) as Record<string, unknown>))
    .filter((exported): exported is Class => typeof exported === 'function')
    .flatMap((controller) => {
      const pipes = (Reflect.getMetadata(PIPES_METADATA, controller) ?? []) as unknown[];
      return pipes.flatMap((pipe) =>
        pipe instanceof InputPipe ? [{ controller, module: pipe.module }] : [],
      );
    });
}

/** The types of all parameters of all handlers, inherited ones too. */
function dtosOf(controller: Class): Class[] {
  const { prototype } = controller;
  const inherited = Object.getPrototypeOf(controller) as Class | typeof Function.prototype;
  return [
    ...Object.getOwnPropertyNames(prototype).flatMap(
      (method) => (Reflect.getMetadata('design:paramtypes', prototype as object, method) ?? []) as Class[],
    ),
    ...('prototype' in inherited && inherited.prototype ? dtosOf(inherited as Class) : []),
  ];
}

function rulesOf(dto: Class, module: string): Rule[] {
  return getMetadataStorage()
    .getTargetValidationMetadatas(dto, '', true, false)
    .filter(({ message }) => message !== undefined)
    .map(({ propertyName, message, constraints }) => ({
      module,
      field: propertyName,
      code: message as string,
      limits: [constraints as unknown].flat().filter((each) => typeof each === 'number'),
    }));
}

const rules = inputControllers().flatMap(({ controller, module }) =>
  dtosOf(controller).flatMap((dto) => rulesOf(dto, module)),
);

/** See `NumberDefect` and the table of national changes. */
const NUMBER_DEFECTS = [
  'no-number',
  'country-needed',
  'not-in-country',
  'two-readings',
  'landline',
  'no-messages',
  'changed-ar',
  'changed-bj',
  'changed-br',
  'changed-ci',
  'changed-cm',
  'changed-mx',
  'changed-vn',
] satisfies NumberDefect[];

/** Errors that services report, not the constraints of a DTO. */
const REPORTED_BY_SERVICES: Rule[] = [
  ['verification', 'Idempotency-Key', 'malformed'],
  ['verification', 'otpCode', 'not-digits'],
  ['verification', 'otpCode', 'too-short'],
  ['verification', 'otpCode', 'too-long'],
  ...NUMBER_DEFECTS.map((defect) => ['any', 'phoneNumber', defect]),
  ['verification', 'otpCode', 'ambiguous'],
  ['two-factor', 'otpCode', 'not-a-code'],
  ['history', 'phoneNumber', 'no-number'],
  ['history', 'number', 'no-number'],
  ['history', 'from', 'too-wide'],
  ['statistics', 'to', 'before-from'],
  ['statistics', 'from', 'too-many-hours'],
  ['blocks', 'value', 'no-prefix'],
  ['blocks', 'value', 'no-country'],
  ['blocks', 'value', 'no-address'],
  ['host', 'password', 'unchanged'],
].map(([module, field, code]) => ({ module: module!, field: field!, code: code!, limits: [] }));

/** Codes with a message that suits any field. */
const GENERAL_CODES = ['hidden-characters', 'malformed', ...NUMBER_DEFECTS];

const keysOf = ({ module, field, code }: Rule) => [
  `field.${module}.${field}.${code}`,
  `field.any.${field}.${code}`,
  ...(GENERAL_CODES.includes(code) ? [`field.any.${code}`] : []),
];
const keyOf = (rule: Rule) => keysOf(rule).find((key) => key in messages);

describe('the messages for wrong fields', () => {
  it('exist for every constraint of every DTO', () => {
    expect(rules.length).toBeGreaterThan(100);
    const missing = [...rules, ...REPORTED_BY_SERVICES].filter((rule) => keyOf(rule) === undefined);
    expect(missing.map((rule) => keysOf(rule)[0])).toEqual([]);
  });

  it('state the limits of their DTO', () => {
    const wrong = rules.flatMap((rule) => {
      const message = messages[keyOf(rule)!]!;
      const stated = [...message.matchAll(/(?:at most|at least|from|to) ([\d,]+)/g)].map(([, number]) =>
        Number(number!.replaceAll(',', '')),
      );
      const limits = rules
        .filter(
          ({ module, field, code }) => module === rule.module && field === rule.field && code === rule.code,
        )
        .flatMap((same) => same.limits);
      return stated.every((number) => limits.includes(number)) ? [] : [{ message, limits }];
    });
    expect(wrong).toEqual([]);
  });

  it('are all used', () => {
    const used = [...rules, ...REPORTED_BY_SERVICES].map(keyOf);
    const keys = Object.keys(messages).filter((key) => key.startsWith('field.'));
    expect(keys.filter((key) => !used.includes(key))).toEqual([]);
  });
});
