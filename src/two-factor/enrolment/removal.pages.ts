import { applyDecorators, Get, Injectable, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '../../openapi/decorators.js';
import {
  Page,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  type View,
} from '../../http/index.js';
import { FreshForChangeGuard } from '../guard/fresh-for-change.guard.js';
import { ApiProblems } from '../two-factor.problems.js';

/** What can be removed in the settings. */
export const REMOVABLE = ['passkey', 'phone', 'authenticator', 'browser', 'browsers'] as const;
export type Removable = (typeof REMOVABLE)[number];

/** What a removal would take away. */
export class RemovalResource {
  @ApiProperty({ enum: REMOVABLE })
  what!: Removable;

  @ApiProperty({ description: 'Its name, and the masked number of a phone. Empty for several things.' })
  name!: string;

  @ApiProperty({ description: 'Without it, the password alone would protect the account.' })
  isLastFactor!: boolean;
}

/** Names what goes and asks before it does. */
@Injectable()
export class RemovalPage extends PageView<RemovalResource> {
  success({ what, name, isLastFactor }: RemovalResource, context: PageContext): View {
    const { base, path, text } = context;
    const isFactor = what !== 'browser' && what !== 'browsers';
    return {
      name: 'two-factor/remove',
      context: {
        title: text(`remove.${what}.title`),
        name,
        consequence: text(isFactor ? 'remove.factor' : 'remove.trust'),
        isLastFactor,
        removePath: path,
        base,
      },
    };
  }

  /** It is gone already: Back, or a second tab. */
  failure(_problem: Problem, { base }: PageContext): Redirect {
    return { redirectTo: `${base}/settings` };
  }
}

/** On the handler that tells what a post to the same path would remove. A browser is asked first. */
export const AsksBeforeRemoval = (path: string) =>
  applyDecorators(
    Get(path),
    UseGuards(FreshForChangeGuard),
    Page(RemovalPage),
    ApiOperation({ summary: 'What would be removed; as a page, asks first' }),
    ApiOkResponse({ type: RemovalResource }),
    ApiProblems('sign-in-required', 'second-factor-required', 'unknown-factor'),
  );
