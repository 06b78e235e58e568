import { Controller, Get, Inject, Injectable, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '../../openapi/decorators.js';
import {
  errorContext,
  Page,
  type PageContext,
  PageView,
  type Problem,
  problemDetail,
  problemTitle,
  type View,
} from '../../http/index.js';
import { FirstFactorOnly, SignedIn } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { ApiProblems } from '../two-factor.problems.js';
import { type FoundPost, KeptPosts } from './kept-posts.service.js';

/** A form that waits. */
export class KeptPostResource {
  @ApiProperty({ description: 'What is confirmed, in one sentence.' })
  summary!: string;
}

/** Offers to send a kept form on: after Back, a reload, or a download, which leaves the browser here. */
@Injectable()
export class KeptPostPage extends PageView<FoundPost> {
  constructor(@Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions) {
    super();
  }

  success({ summary, address, page }: FoundPost, { text }: PageContext): View {
    return {
      name: 'two-factor/kept-post',
      context: { title: text('twoFactor.confirm.title'), summary, address, page },
    };
  }

  failure(problem: Problem, context: PageContext): View {
    const { page } = (problem.details.forView ?? {}) as Partial<FoundPost>;
    const isUsed = problem.code === 'form-used';
    return {
      name: 'ended',
      context: {
        title: problemTitle(problem, context.text),
        detail: isUsed ? problemDetail(problem, context.text) : '',
        otherPath: page ?? this.options.homePath,
        other: context.text('twoFactor.continue'),
        ...(isUsed ? {} : errorContext(problem, context, '', [])),
      },
    };
  }
}

/** Forms that were posted with a factor that was too old. */
@ApiTags('Two-factor sign-in')
@ApiParam({ name: 'id', format: 'uuid' })
@FirstFactorOnly()
@SignedInRoutes()
@Controller('two-factor/kept/:id')
export class KeptPostsController {
  constructor(private readonly posts: KeptPosts) {}

  @Get()
  @Page(KeptPostPage)
  @ApiOperation({ summary: 'A form that waits for a factor; only the sign-in that posted it can send it on' })
  @ApiOkResponse({ type: KeptPostResource })
  @ApiProblems('sign-in-required', 'form-used')
  find(@SignedIn() caller: SignedInCaller, @Param('id') id: string): Promise<FoundPost> {
    return this.posts.waiting(caller, id);
  }
}
