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
import { AdminPage } from '../pages/admin.page.js';
import type { SimulationResource } from './policy.dto.js';

const FIELDS = ['phoneNumber', 'country', 'channel', 'purpose', 'userId', 'sessionId', 'address'] as const;

/** The form of a simulation, with its result below. */
@Injectable()
export class PolicyPage extends AdminPage<SimulationResource | Record<string, never>> {
  protected readonly path = '/policy';

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

  override failure(problem: Problem, context: PageContext): View | Redirect {
    if (problem.getStatus() !== 400 && problem.getStatus() !== 422) return super.failure(problem, context);
    return this.form(context, errorContext(problem, context, '', [...FIELDS, 'confirmed']));
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'admin/policy',
      address: this.paths.at(this.path),
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
