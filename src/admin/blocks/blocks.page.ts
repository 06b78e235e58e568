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
import { BLOCK_KINDS } from '../../verification/index.js';
import { AdminPage, moment, reasonOf } from '../pages/admin.page.js';
import { untilInput } from '../pages/moment-inputs.js';
import type { BlockResource, BlocksResource, StopResource } from './blocks.dto.js';

/** The block list with its form. A block that was added leads back to it. */
@Injectable()
export class BlocksPage extends AdminPage<BlocksResource | BlockResource> {
  protected readonly path = '/blocks';

  success(resource: BlocksResource | BlockResource, context: PageContext): View | Redirect {
    if (!('blocks' in resource)) return this.done('block-added', context);
    const { blocks, stops } = resource;
    return this.view(context, {
      lists: true,
      blocks: blocks.map((block) => ({
        ...block,
        createdAt: moment(block.createdAt),
        expiresAt: moment(block.expiresAt),
      })),
      stops: stops.map((stop) => ({ ...stop, stoppedAt: moment(stop.stoppedAt), until: moment(stop.until) })),
    });
  }

  override failure(problem: Problem, context: PageContext): View | Redirect {
    // The form again, with what was typed. Other failures lead back to the list.
    if (problem.getStatus() !== 400 || context.request.method === 'GET')
      return super.failure(problem, context);
    return this.view(context, errorContext(problem, context, '', ['kind', 'value', 'until', 'reason']));
  }

  private view(context: PageContext, more: ViewContext): View {
    const kind = typed(context, 'kind');
    return {
      name: 'admin/blocks',
      address: this.paths.at(this.path),
      context: {
        title: context.text('admin.blocks.title'),
        kinds: BLOCK_KINDS.map((each) => ({
          value: each,
          label: context.text(`admin.blocks.kind.${each}`),
          selected: each === kind,
        })),
        value: typed(context, 'value'),
        until: untilInput(context),
        reason: reasonOf(context),
        ...more,
      },
    };
  }
}

/** A block or a stop was lifted: back to the list. */
@Injectable()
export class BlockLiftedPage extends AdminPage<BlockResource | StopResource> {
  protected readonly path = '/blocks';

  success(_: BlockResource | StopResource, context: PageContext): Redirect {
    return this.done('block-lifted', context);
  }
}
