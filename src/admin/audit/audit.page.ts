import { Injectable } from '@nestjs/common';
import { type PageContext, typed, type View } from '../../http/index.js';
import { AdminPage, moment } from '../pages/admin.page.js';
import type { AuditListResource, AuditReportResource } from './audit.dto.js';

/** The audit with its filters, or the result of its verification. */
@Injectable()
export class AuditPage extends AdminPage<AuditListResource | AuditReportResource> {
  protected readonly path = '/audit';

  success(resource: AuditListResource | AuditReportResource, context: PageContext): View {
    const { text } = context;
    if ('findings' in resource) {
      const { entries, notSealed, findings } = resource;
      return {
        name: 'admin/audit-report',
        address: this.paths.at(this.path),
        once: true,
        context: {
          title: text('admin.audit.report'),
          entries: text('admin.audit.entries', { count: entries }),
          notSealed: notSealed > 0 ? text('admin.audit.not-sealed', { count: notSealed }) : null,
          isClean: findings.length === 0,
          findings: findings.map(({ kind, number }) => ({
            text: text(`admin.audit.found.${kind}`, { number }),
          })),
          backPath: this.paths.at(this.path),
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
