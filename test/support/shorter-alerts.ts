import { parse, stringify } from 'yaml';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
}

/** Seconds that each unit of the rules takes in a drill: a minute takes three, an hour and a day take one minute. */
const SECONDS = { s: 1 / 20, m: 3, h: 60, d: 60 } as const;

/** A duration of Prometheus, such as `5m`, in the time of a drill. */
const shorter = (duration: string): string => {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(duration)!;
  return `${Math.ceil(Number(amount) * SECONDS[unit as keyof typeof SECONDS])}s`;
};

/**
 * Alerting rules that mean the same in a drill of minutes: `for`, ranges and offsets are shorter, and so are the thresholds of
 * lags, which are in seconds. Everything else stays as it is, also how slow is slow.
 */
export function shorterAlerts(yaml: string): { names: string[]; yaml: string } {
  const file = parse(yaml) as { groups: { rules: Rule[] }[] };
  const rules = file.groups.flatMap((group) => group.rules);
  for (const rule of rules) {
    if (rule.for) rule.for = shorter(rule.for);
    rule.expr = rule.expr
      .replaceAll(/\[(\w+)\]/g, (_match, duration: string) => `[${shorter(duration)}]`)
      .replaceAll(/\boffset (\w+)/g, (_match, duration: string) => `offset ${shorter(duration)}`);
    if (/\botp_\w*lag_seconds/.test(rule.expr))
      rule.expr = rule.expr.replace(
        /> (\d+)$/,
        (_match, seconds: string) => `> ${parseInt(shorter(`${seconds}s`))}`,
      );
  }
  return { names: rules.map(({ alert }) => alert), yaml: stringify(file) };
}
