import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  type Problem,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { AdminPage, moment } from '../pages/admin.page.js';
import { periodInputs } from '../pages/moment-inputs.js';
import { stackedChart } from './stacked-chart.js';
import type { CountsResource, StatisticsResource } from './statistics.dto.js';
import { GROUPS } from './statistics.repository.js';

const STEP_MS = { hour: 3_600_000, day: 86_400_000 };
/** Of a chart; of more there are only those that have something to show. */
const MOST_PERIODS = 1000;

/** The keys of all hours or days, also of those in which nothing began; null when they are too many. */
function periodsBetween(from: string, to: string, groupBy: 'hour' | 'day'): string[] | null {
  const [first, end, step] = [Date.parse(from), Date.parse(to), STEP_MS[groupBy]];
  const length = (end - first) / step;
  if (length > MOST_PERIODS) return null;
  return Array.from({ length }, (_, index) =>
    new Date(first + index * step).toISOString().replace('.000Z', 'Z'),
  );
}

/** Charts, and the same numbers as a table. */
@Injectable()
export class StatisticsPage extends AdminPage<StatisticsResource> {
  protected readonly path = '/statistics';

  success({ groups, total, groupBy, isComplete, from, to }: StatisticsResource, context: PageContext): View {
    const { locale, text } = context;
    const number = new Intl.NumberFormat(locale);
    const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
    const isTime = groupBy === 'hour' || groupBy === 'day';
    const hasStatuses = groupBy === 'provider-status';
    const label = (key: string) => (isTime ? moment(key).slice(0, groupBy === 'day' ? 10 : 16) : key);
    const row = (key: string, counts: CountsResource): ViewContext => ({
      key,
      started: number.format(counts.started),
      messages: number.format(counts.messages),
      delivered: number.format(counts.delivered),
      verified: number.format(counts.verified),
      conversion: counts.conversion === null ? '' : percent.format(counts.conversion),
      medianSeconds: counts.medianSeconds === null ? '' : `${counts.medianSeconds} s`,
      cost: counts.cost.map(({ currency, amount }) => `${amount} ${currency}`).join(', '),
    });
    const found = new Map(groups.map((counts) => [counts.key, counts]));
    const keys = (isTime && periodsBetween(from, to, groupBy)) || [...found.keys()];
    const isPartial = (key: string) => isTime && Date.parse(key) + STEP_MS[groupBy] > Date.now();
    const named = (key: string) =>
      isPartial(key) ? text('admin.statistics.soFar', { period: label(key) }) : label(key);
    const words = (name: string, { started, verified }: Pick<CountsResource, 'started' | 'verified'>) =>
      text(hasStatuses ? 'admin.statistics.bar.count' : 'admin.statistics.bar', {
        name,
        started: number.format(started),
        verified: number.format(verified),
      });
    const bars = keys.map((key) => {
      const counts = found.get(key) ?? { started: 0, verified: 0 };
      return {
        label: label(key),
        whole: counts.started,
        part: hasStatuses ? 0 : counts.verified,
        words: words(named(key), counts),
        isPartial: isPartial(key),
      };
    });
    return this.view(
      context,
      {
        isComplete,
        counted: true,
        hasStatuses,
        rows: groups.map((counts) => row(named(counts.key), counts)),
        total: row(text('admin.statistics.total'), total),
        chart: stackedChart(bars, (value) => number.format(value)),
        inWords: words(text('admin.statistics.total'), total),
        hasPartial: keys.some(isPartial),
      },
      { from, to },
    );
  }

  override failure(problem: Problem, context: PageContext): View | Redirect {
    if (problem.getStatus() !== 400) return super.failure(problem, context);
    return this.view(context, errorContext(problem, context, '', ['from', 'to', 'groupBy']));
  }

  private view(context: PageContext, more: ViewContext, shown: { from?: string; to?: string } = {}): View {
    const chosen = typed(context, 'groupBy') || 'day';
    const isByTime = chosen === 'hour' || chosen === 'day';
    return {
      name: 'admin/statistics',
      context: {
        title: context.text('admin.statistics.title'),
        choices: GROUPS.map((value) => ({
          value,
          label: context.text(`admin.statistics.by.${value}`),
          selected: value === chosen,
        })),
        ...periodInputs(context, shown, (span) => ({
          groupBy: isByTime ? (span.endsWith('h') ? 'hour' : 'day') : chosen,
        })),
        ...more,
      },
    };
  }
}
