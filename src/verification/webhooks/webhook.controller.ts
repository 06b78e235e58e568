import { Controller, HttpCode, Inject, Logger, Post, type RawBodyRequest, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import type { Request } from 'express';
import { Negotiated, OpenToAll, Problem } from '../../http/index.js';
import { ApiProblems } from '../verification.openapi.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from '../verification.options.js';
import { VerificationWebhooks } from './verification.webhooks.js';
import { readNotification, signedAt } from './vonage-webhook.js';

/** Receives Vonage's notifications about requests: the status URL of the application. */
@ApiTags('Webhooks')
@OpenToAll()
@Negotiated()
@Controller('webhooks/vonage')
export class WebhookController {
  private readonly logger = new Logger(WebhookController.name);

  constructor(
    private readonly webhooks: VerificationWebhooks,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
  ) {}

  @Post('verify')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'A notification of Verify v2, signed with the account’s signature secret' })
  @ApiNoContentResponse({ description: 'Taken; the same one again, or one about nobody, too' })
  @ApiProblems('invalid-input', 'unauthorized', 'not-found')
  async receive(@Req() request: RawBodyRequest<Request>): Promise<void> {
    const secret = this.options.vonage?.signatureSecret;
    if (!secret) throw Problem.http('not-found');
    const body = request.rawBody;
    if (!body && request.body !== undefined)
      this.logger.error(
        'A webhook cannot be checked without its exact bytes: create the application with `rawBody: true`.',
      );
    const at = body && signedAt(request.get('authorization'), body, secret);
    if (!body || typeof at !== 'number') throw Problem.http('unauthorized');
    const notification = readNotification(request.body);
    if (!notification) throw Problem.http('invalid-input');
    if (!(await this.webhooks.receive(notification, body, at))) throw Problem.http('unauthorized');
  }
}
