import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  type Problem,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { AdminPage } from '../pages/admin.page.js';
import { barChart } from './bar-chart.js';
import type { CountsResource, StatisticsResource } from './statistics.dto.js';
import { GROUPS } from './statistics.repository.js';

/** Charts, and the same numbers as a table. */
@Injectable()
export class StatisticsPage extends AdminPage<StatisticsResource> {
  protected readonly path = '/admin/statistics';

  success({ groups, total, groupBy, isComplete, from, to }: StatisticsResource, context: PageContext): View {
    const { locale, text } = context;
    const number = new Intl.NumberFormat(locale);
    const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
    const isTime = groupBy === 'hour' || groupBy === 'day';
    const label = (key: string) =>
      isTime ? key.replace('T', ' ').slice(0, groupBy === 'day' ? 10 : 16) : key;
    const row = (counts: CountsResource): ViewContext => ({
      key: label(counts.key),
      started: number.format(counts.started),
      messages: number.format(counts.messages),
      delivered: number.format(counts.delivered),
      verified: number.format(counts.verified),
      conversion: counts.conversion === null ? '' : percent.format(counts.conversion),
      medianSeconds: counts.medianSeconds === null ? '' : `${counts.medianSeconds} s`,
      cost: counts.cost.map(({ currency, amount }) => `${amount} ${currency}`).join(', '),
    });
    const bars = (value: (counts: CountsResource) => number) =>
      barChart(groups.map((counts) => ({ label: label(counts.key), value: value(counts) })));
    return this.view(context, {
      from,
      to,
      isComplete,
      counted: true,
      hasStatuses: groupBy === 'provider-status',
      rows: groups.map(row),
      total: row({ ...total, key: text('admin.statistics.total') }),
      charts: [
        { name: text('admin.statistics.started'), ...bars(({ started }) => started) },
        ...(groupBy === 'provider-status'
          ? []
          : [{ name: text('admin.statistics.verified'), ...bars(({ verified }) => verified) }]),
      ],
    });
  }

  override failure(problem: Problem, context: PageContext): View {
    if (problem.status !== 400) return super.failure(problem, context);
    return this.view(context, {
      from: typed(context, 'from'),
      to: typed(context, 'to'),
      ...errorContext(problem, context, '', ['from', 'to', 'groupBy']),
    });
  }

  private view(context: PageContext, more: ViewContext): View {
    const chosen = typed(context, 'groupBy') || 'day';
    return {
      name: 'admin/statistics',
      context: {
        title: context.text('admin.statistics.title'),
        choices: GROUPS.map((value) => ({
          value,
          label: context.text(`admin.statistics.by.${value}`),
          selected: value === chosen,
        })),
        ...more,
      },
    };
  }
}
