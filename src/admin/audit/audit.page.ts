import { Injectable } from '@nestjs/common';
import { type PageContext, typed, type View } from '../../http/index.js';
import { AdminPage, moment } from '../pages/admin.page.js';
import type { AuditListResource, AuditReportResource } from './audit.dto.js';

/** The audit with its filters, or what became of verifying it. */
@Injectable()
export class AuditPage extends AdminPage<AuditListResource | AuditReportResource> {
  protected readonly path = '/admin/audit';

  success(resource: AuditListResource | AuditReportResource, context: PageContext): View {
    const { text } = context;
    if ('alterations' in resource) {
      const { entries, alterations } = resource;
      return {
        name: 'admin/audit-report',
        context: {
          title: text('admin.audit.report'),
          entries: text('admin.audit.entries', { count: entries }),
          isClean: alterations.length === 0,
          alterations: alterations.map(({ number, what }) => ({ number, what: text(`admin.audit.${what}`) })),
          backPath: this.path,
        },
      };
    }
    return {
      name: 'admin/audit',
      context: {
        title: text('admin.audit.title'),
        ...Object.fromEntries(
          ['actor', 'action', 'target', 'from', 'to'].map((field) => [field, typed(context, field, 200)]),
        ),
        items: resource.items.map(({ details, at, ...entry }) => ({
          ...entry,
          at: moment(at),
          details: Object.entries(details)
            .filter(([, value]) => value !== null)
            .map(([name, value]) => `${name}: ${value}`)
            .join(', '),
        })),
        next: resource.next,
        previous: resource.previous,
      },
    };
  }
}
