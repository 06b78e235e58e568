import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '../../openapi/decorators.js';
import type { Request } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { PersonalDataCipher } from '../../crypto/index.js';
import { Problem, type ProblemDetails } from '../../http/index.js';
import { identityOf } from '../domain/caller.js';
import { VERIFICATION_ERRORS } from '../domain/error-catalogue.js';
import { callerOf } from '../verification.caller.js';
import type { IdempotencyKey } from '../entities/idempotency-key.entity.js';
import { leaseSeconds, type VerificationPolicy } from '../domain/policy.js';
import {
  VERIFICATION_OPTIONS,
  VERIFICATION_POLICY,
  type ResolvedVerificationOptions,
} from '../verification.options.js';
import { IdempotencyRepository } from './idempotency.repository.js';

const HEADER = 'Idempotency-Key';
const SHAPE = /^[\x21-\x7e]{1,255}$/;

type StoredAnswer =
  { resource: unknown } | { problem: { code: string; status: number; details: ProblemDetails } };

const problem = (code: 'idempotency-key-reused' | 'idempotency-key-in-use', details?: ProblemDetails) =>
  new Problem(code, VERIFICATION_ERRORS[code], details);

/**
 * A call repeated with the same key and body gets the first one's answer, over any connection and instance, for a day.
 * Temporary refusals (409, 429, 5xx) are not kept: a repeat tries again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly keys: IdempotencyRepository,
    private readonly cipher: PersonalDataCipher,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const key = request.get(HEADER);
    if (key === undefined) return next.handle();
    if (!SHAPE.test(key)) {
      throw Problem.invalidInput('verification', [{ field: HEADER, code: 'malformed' }]);
    }
    return from(this.once(request, key, next));
  }

  private async once(request: Request, key: string, next: CallHandler): Promise<unknown> {
    const identity = identityOf(callerOf(request, this.options.identifyCaller));
    // Without a user or a cookie the key alone must do: a phone's address changes between two tries.
    const owner = identity.bound ? identity.text : '';
    const named = JSON.stringify([request.path, owner, key]);
    const [newest, ...older] = this.cipher.fingerprints('caller', named);
    const bodies = this.cipher.fingerprints('caller', JSON.stringify(request.body ?? {}));

    // While a fingerprint key is being replaced, the first call may be known under the old one.
    let keyFingerprint = newest;
    for (const other of older) if (await this.keys.find(other)) keyFingerprint = other;
    // As long as the request's own lease: when that is over, a repeat may take the request over as well.
    if (!(await this.keys.claim(keyFingerprint, bodies, leaseSeconds(this.policy)))) {
      return this.repeat(await this.keys.find(keyFingerprint), bodies);
    }
    try {
      const resource: unknown = await lastValueFrom(next.handle());
      await this.keys.answer(keyFingerprint, { resource });
      return resource;
    } catch (error) {
      const lasts =
        error instanceof Problem && error.getStatus() < 500 && ![409, 429].includes(error.getStatus());
      if (lasts) {
        const { code, details } = error;
        const { forView: _, ...told } = details;
        await this.keys.answer(keyFingerprint, {
          problem: { code, status: error.getStatus(), details: told },
        });
      } else {
        await this.keys.release(keyFingerprint);
      }
      throw error;
    }
  }

  private repeat(first: IdempotencyKey | null, bodies: Buffer[]): unknown {
    if (first && !bodies.some((body) => body.equals(first.bodyFingerprint))) {
      throw problem('idempotency-key-reused');
    }
    if (!first?.answer) throw problem('idempotency-key-in-use', { retryAfterSeconds: 1 });
    return replay(first.answer as StoredAnswer);
  }
}

function replay(answer: StoredAnswer): unknown {
  if ('resource' in answer) return answer.resource;
  throw new Problem(answer.problem.code, answer.problem.status, answer.problem.details);
}

/** On a handler: takes an `Idempotency-Key`. */
export const Idempotent = () =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: HEADER,
      required: false,
      description:
        'Makes a retry safe: the same key and body get the same answer for a day; another body 422.',
    }),
  );
