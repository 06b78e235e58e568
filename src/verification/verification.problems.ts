import { Problem } from '../http/index.js';
import { VERIFICATION_ERRORS } from './domain/error-catalogue.js';
import { toResource, type VerificationResource } from './dto/verification.resource.js';
import type { NumberDefect } from './domain/phone-number.js';
import { knownRule, type RequestResult, type VerificationFailure } from './verification.results.js';

/** The resource of a result, or its failure as a problem. The one place where outcomes meet HTTP. */
export function resourceOrProblem(result: RequestResult): VerificationResource {
  if (result.ok) return toResource(result.request);
  throw problemOf(result);
}

/** The problem that tells a caller about a failure; its page shows the request as it is now. */
export function problemOf(failure: VerificationFailure): Problem {
  const { code, request, retryAfterSeconds, codeDefect, numberDefect, takesCalls, refusal } = failure;
  if (numberDefect && !request) return numberProblem(numberDefect, takesCalls);
  const resource = request && toResource(request);
  return new Problem(code, VERIFICATION_ERRORS[code], {
    requestId: request?.id,
    rule: knownRule(failure),
    attemptsRemaining: code === 'wrong-code' ? resource?.attemptsRemaining : undefined,
    retryAfterSeconds,
    module: codeDefect && 'verification',
    errors: codeDefect && [{ field: 'otpCode', code: codeDefect }],
    detailKey:
      code === 'wrong-code' && request && request.sends > 1
        ? OLDER_CODE
        : numberDefect
          ? `field.any.${numberDefect}`
          : refusal?.messageKey,
    members: refusal && { reason: refusal.refuse },
    forView: resource,
  });
}

/** What a wrong code may be after a further message. */
const OLDER_CODE = 'problem.wrong-code.older.detail';

/** What the page of a refused number is shown with when a call can reach the number. */
export const CALL_INSTEAD = 'call-instead';

/** The problem of a number that is refused. Its words say what is wrong with the number, and what to do. */
export const numberProblem = (defect: NumberDefect, takesCalls = false): Problem =>
  new Problem('invalid-phone-number', VERIFICATION_ERRORS['invalid-phone-number'], {
    detailKey: `field.any.${defect}`,
    forView: takesCalls ? CALL_INSTEAD : undefined,
    errors: [{ field: 'phoneNumber', code: defect }],
  });
