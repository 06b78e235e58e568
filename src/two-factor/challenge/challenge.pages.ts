import { Injectable } from '@nestjs/common';
import { type PageContext, PageView, type Problem, type Redirect, type View } from '../../http/index.js';
import { ChallengeForms } from './challenge.forms.js';
import type { SentChallenge } from './challenge.service.js';
import type { ChallengeResource, FactorsResource } from './challenge.resources.js';
import type { CompletedChallenge } from './challenge.routes.js';

/** The choice of a factor. */
@Injectable()
export class ChoosePage extends PageView<FactorsResource> {
  constructor(private readonly forms: ChallengeForms) {
    super();
  }

  success(resource: FactorsResource, context: PageContext): View | Redirect {
    const { level } = resource.assurance;
    const isAgain = context.request.query['again'] === 'yes' || resource.summary !== undefined;
    // Back after signing in, or a link that was kept.
    if (level === 'two-factor' && !isAgain) return { redirectTo: resource.returnTo };
    return this.forms.choose(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.chooseFailed(problem, context);
  }
}

/** The form for a code that was sent. */
@Injectable()
export class CodePage extends PageView<ChallengeResource> {
  constructor(protected readonly forms: ChallengeForms) {
    super();
  }

  success(resource: ChallengeResource, context: PageContext): View {
    return this.forms.code(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.codeFailed(problem, context);
  }
}

/** Sends a code: continues on the code page, or back at the choice, where other factors are. */
@Injectable()
export class SendPage extends CodePage {
  override success(resource: SentChallenge, context: PageContext): View {
    const { repeated } = resource;
    const notice =
      repeated === 'resent' ? context.text('code.resent') : this.forms.waitNotice(resource, context);
    return this.forms.code(resource, context, repeated ? { notice } : {});
  }

  override failure(problem: Problem, context: PageContext): View {
    const { requestId } = (problem.details.forView ?? {}) as Partial<ChallengeResource>;
    return requestId ? this.forms.codeFailed(problem, context) : this.forms.chooseFailed(problem, context);
  }
}

/** Sends a new code: the code page again, which says so. */
@Injectable()
export class ResentPage extends CodePage {
  override success(resource: ChallengeResource, context: PageContext): View {
    return this.forms.code(resource, context, { notice: context.text('code.resent') });
  }
}

/** Checks a code that was sent: continues where the user was going, or on the code page again. */
@Injectable()
export class VerifyPage extends PageView<CompletedChallenge> {
  constructor(protected readonly forms: ChallengeForms) {
    super();
  }

  success({ next, notice }: CompletedChallenge, context: PageContext): Redirect {
    const redirectTo = next ?? this.forms.returnTo(context);
    return { redirectTo, notice: notice && context.text(notice) };
  }

  failure(problem: Problem, context: PageContext): View {
    return this.forms.codeFailed(problem, context);
  }
}

/** Checks a code that was not sent: continues where the user was going, or back at the choice. */
@Injectable()
export class OwnCodePage extends VerifyPage {
  override failure(problem: Problem, context: PageContext): View {
    return this.forms.chooseFailed(problem, context);
  }
}

/** The providers of the pages above. */
export const CHALLENGE_PAGES = [
  ChallengeForms,
  ChoosePage,
  CodePage,
  SendPage,
  ResentPage,
  VerifyPage,
  OwnCodePage,
];
