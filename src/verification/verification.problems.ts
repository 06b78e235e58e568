import { Problem } from '../http/index.js';
import { VERIFICATION_ERRORS } from './domain/error-catalogue.js';
import { toResource, type VerificationResource } from './dto/verification.resource.js';
import type { VerificationFailure, VerificationResult } from './verification.results.js';

/** The resource of a result, or its failure as a problem. The one place where outcomes meet HTTP. */
export function resourceOrProblem(result: VerificationResult, maxSends: number): VerificationResource {
  if (result.ok) return toResource(result.request, maxSends);
  throw problemOf(result, maxSends);
}

function problemOf(
  { code, request, retryAfterSeconds, codeDefect }: VerificationFailure,
  maxSends: number,
): Problem {
  const resource = request && toResource(request, maxSends);
  return new Problem(code, VERIFICATION_ERRORS[code], {
    ...(request ? { requestId: request.id } : {}),
    ...(code === 'wrong-code' && resource ? { attemptsRemaining: resource.attemptsRemaining } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(codeDefect ? { module: 'verification', errors: [{ field: 'otpCode', code: codeDefect }] } : {}),
    ...(resource ? { forView: resource } : {}),
  });
}
