import { Injectable } from '@nestjs/common';
import type { PageContext, Redirect, View } from '../../http/index.js';
import { AdminPage, moment } from '../pages/admin.page.js';
import type { DeadLettersResource, DiscardedResource, RetriedResource } from './dead-letters.dto.js';

type Body = DeadLettersResource | RetriedResource | DiscardedResource;

/** The events that the webhook refused too often. Acts lead back to it. */
@Injectable()
export class DeadLettersPage extends AdminPage<Body> {
  protected readonly path = '/dead-letters';

  success(body: Body, context: PageContext): View | Redirect {
    if ('retried' in body) return this.done('letters-retried', context);
    if ('discarded' in body) return this.done('letter-discarded', context);
    const { text } = context;
    return {
      name: 'admin/dead-letters',
      address: this.paths.at(this.path),
      context: {
        title: text('admin.dead-letters.title'),
        state: body.isOn
          ? text('admin.dead-letters.waiting', { count: body.waiting })
          : text('admin.dead-letters.off'),
        items: body.items.map((letter) => ({
          ...letter,
          queuedAt: moment(letter.queuedAt),
          deadAt: moment(letter.deadAt),
        })),
        next: body.next,
        previous: body.previous,
      },
    };
  }
}
