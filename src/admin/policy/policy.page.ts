import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { AdminPaths } from '../access/admin-paths.js';
import type { SimulationResource } from './policy.dto.js';

const FIELDS = ['phoneNumber', 'country', 'channel', 'purpose', 'userId', 'sessionId', 'address'] as const;

/** The form of a simulation, with its result below. */
@Injectable()
export class PolicyPage extends PageView<SimulationResource | Record<string, never>> {
  constructor(private readonly paths: AdminPaths) {
    super();
  }

  success(result: SimulationResource | Record<string, never>, context: PageContext): View {
    if (!('outcome' in result)) return this.form(context);
    const { text } = context;
    const { outcome, rule, code, retryAfterSeconds, rules } = result;
    const form = this.form(context, {
      notice: text(`admin.policy.${outcome}`),
      result: {
        outcome: text(`admin.policy.${outcome}`),
        rule,
        code,
        retryAfterSeconds,
        rules: rules.map((each) => ({
          ...each,
          refuses: each.outcome === 'refuse',
          decides: each.rule === rule,
        })),
      },
    });
    return { ...form, once: true };
  }

  failure(problem: Problem, context: PageContext): View {
    return this.form(context, errorContext(problem, context, '', [...FIELDS, 'confirmed']));
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'admin/policy',
      address: this.paths.at('/policy'),
      context: {
        title: context.text('admin.policy.title'),
        ...Object.fromEntries(FIELDS.map((field) => [field, typed(context, field, 200)])),
        isVoice: typed(context, 'channel') === 'voice',
        isConfirmed: typed(context, 'confirmed') === 'on',
        ...more,
      },
    };
  }
}
