import { z } from 'zod';
import { money, OFF, onOff, orOff, text, whole, windows } from './values.js';

const MODES = ['off', 'record', 'enforce'] as const;
type Mode = (typeof MODES)[number];
const isMode = (text: string | undefined): text is Mode => MODES.includes(text as Mode);

const HOUR = 3600;
const DAY = 86_400;

/** `conversion:record,user-limit:off`; whether there are such rules is for the protection to say. */
const ruleModes = text.transform((value, context): Record<string, Mode> => {
  const pairs = value.split(',').map((pair) => pair.trim().split(':', 2));
  if (pairs.every(([rule, mode]) => /^[a-z-]+$/.test(rule!) && isMode(mode)))
    return Object.fromEntries(pairs) as Record<string, Mode>;
  context.addIssue('"<rule>:<off, record or enforce>", several separated by commas');
  return z.NEVER;
});

/** `*:0.08,US:0.0079`. */
const prices = text.transform((value, context): Record<string, number> => {
  const pairs = value.split(',').map((pair) => pair.trim().split(':', 2));
  if (
    pairs.every(
      ([country, price]) => /^([A-Z]{2}|\*)$/.test(country!) && /^\d{1,5}(\.\d{1,4})?$/.test(price ?? ''),
    )
  )
    return Object.fromEntries(pairs.map(([country, price]) => [country!, Number(price)]));
  context.addIssue(
    '"<country or *>:<price of a message>", several separated by commas, such as *:0.08,US:0.0079',
  );
  return z.NEVER;
});

/** `20/30`: at least 20 percent of at least 30 starts. */
const conversion = text.transform((value, context): { floor: number; minimum: number } | null => {
  if (OFF.test(value)) return null;
  const match = /^(\d{1,3})\/(\d{1,7})$/.exec(value);
  if (match && Number(match[1]) <= 100 && Number(match[2]) > 0)
    return { floor: Number(match[1]) / 100, minimum: Number(match[2]) };
  context.addIssue('"<percent>/<starts>" such as 20/30, or "off"');
  return z.NEVER;
});

/** Who may cause a message; docs/protection.md has the reasons. */
export const protectionVariables = {
  PROTECTION: z.enum(MODES, 'off, record or enforce').default('enforce'),
  RULE_MODES: ruleModes.default({}),
  ALLOW_VOIP: onOff.default(true),
  NUMBER_COOLDOWN_SECONDS: orOff(whole(1, DAY, 'seconds, or "off"')).default(30),
  LIMIT_NUMBER: windows.default([
    { limit: 5, seconds: HOUR },
    { limit: 10, seconds: DAY },
  ]),
  LIMIT_USER: windows.default([{ limit: 10, seconds: DAY }]),
  LIMIT_SESSION: windows.default([{ limit: 3, seconds: 600 }]),
  LIMIT_ADDRESS: windows.default([{ limit: 20, seconds: HOUR }]),
  LIMIT_PREFIX_PER_DAY: orOff(whole(0, 100_000_000, 'messages, or "off"')).default(100),
  LIMIT_COUNTRY_PER_DAY: orOff(whole(0, 100_000_000, 'messages, or "off"')).default(1000),
  BUDGET_PER_DAY: money.default(100),
  BUDGET_PER_COUNTRY_PER_DAY: money.default(50),
  USER_RESERVE_PER_DAY: whole(0, 1000, 'messages').default(3),
  MESSAGE_PRICES: prices.default({ '*': 0.08 }),
  CONVERSION: conversion.default({ floor: 0.2, minimum: 30 }),
  CONVERSION_CALLERS: whole(1, 100_000, 'networks and sessions').default(20),
  CONVERSION_WINDOW_SECONDS: whole(60, DAY, 'seconds').default(HOUR),
  CONVERSION_AGE_SECONDS: whole(0, HOUR, 'seconds').default(120),
  CONVERSION_STOP_SECONDS: whole(1, 30 * DAY, 'seconds').default(HOUR),
  PROTECTION_WATCH_SECONDS: orOff(whole(1, HOUR, 'seconds, or "off"')).default(10),
};

/** The administration's. */
export const adminVariables = {
  ADMIN_FRESH_SECONDS: whole(30, 86_400, 'seconds').default(900),
  STATISTICS_EVERY_SECONDS: orOff(whole(1, HOUR, 'seconds, or "off"')).default(15),
  RETENTION: onOff.default(true),
  RETENTION_REQUESTS_DAYS: orOff(whole(1, 36_500, 'days, or "off"')).default(400),
  RETENTION_DECISIONS_DAYS: orOff(whole(1, 36_500, 'days, or "off"')).default(90),
};
