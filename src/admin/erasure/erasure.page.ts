import { Injectable } from '@nestjs/common';
import { type PageContext, typed, type View } from '../../http/index.js';
import { AdminPage } from '../pages/admin.page.js';
import type { ErasureResource } from './erasure.controller.js';

/** What would be erased, with the button that does it, or what was. */
@Injectable()
export class ErasurePage extends AdminPage<ErasureResource> {
  protected readonly path = '/persons';

  success({ receipt, rows, preview, person, isChanged }: ErasureResource, context: PageContext): View {
    const { locale, text } = context;
    const count = Object.values(rows).reduce((sum, each) => sum + each, 0);
    const number = new Intl.NumberFormat(locale);
    const isDry = receipt === null;
    return {
      name: 'admin/erased',
      address: this.paths.at(this.path),
      once: true,
      context: {
        title: text(isDry ? 'admin.erased.dry' : 'admin.erased', { person }),
        receipt,
        rows: Object.entries(rows).map(([table, each]) => ({
          kind: text(`admin.erased.kind.${table}`),
          count: number.format(each),
        })),
        backPath: this.paths.at(this.path),
        ...(isDry && count > 0 && { submit: text('admin.erased.submit', { count, person }), preview }),
        ...(isChanged && {
          isError: true,
          alert: {
            title: text('problem.preview-outdated.title'),
            message: text('problem.preview-outdated.detail'),
          },
        }),
        phoneNumber: typed(context, 'phoneNumber'),
        country: typed(context, 'country'),
        userId: typed(context, 'userId', 200),
        reason: typed(context, 'reason', 500),
      },
    };
  }
}
