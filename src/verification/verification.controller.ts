import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UsePipes,
} from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../openapi/decorators.js';
import { isUUID } from 'class-validator';
import type { Request, Response } from 'express';
import {
  BODIES,
  FormTargets,
  InputPipe,
  isAnsweredByPage,
  Landmark,
  MountedPaths,
  Negotiated,
  notAPage,
  OpenToAll,
  Page,
  preferredLanguages,
} from '../http/index.js';
import type { Caller } from './domain/caller.js';
import { CheckVerificationDto, OnVerificationDto, ResendVerificationDto } from './dto/on-verification.dto.js';
import { describeService, ServiceResource } from './dto/service.resource.js';
import { StartVerificationDto } from './dto/start-verification.dto.js';
import { VerificationResource } from './dto/verification.resource.js';
import { callerOf, rememberCaller } from './verification.caller.js';
import { Idempotent } from './idempotency/idempotency.interceptor.js';
import { ApiProblems } from './verification.openapi.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from './verification.options.js';
import { CancelPage, CodePage, PhonePage, ResendPage, StartPage } from './verification.pages.js';
import { resourceOrProblem } from './verification.problems.js';
import { failure, type VerificationResult } from './verification.results.js';
import { VerificationService } from './verification.service.js';
import { phoneNumberIn, VerificationThrottlerGuard } from './verification.throttler.js';

/** The problems that every action on a request can have. */
const ON_A_REQUEST = [
  'invalid-input',
  'attempts-exhausted',
  'expired',
  'cancelled',
  'already-verified',
  'unknown-request',
  'rate-limited',
] as const;

/** The name of the landmark of these routes. */
const VERIFICATION = 'verification';

/** The tutorial's flow, as pages and as JSON. */
@ApiTags('Phone verification')
@OpenToAll()
@Negotiated(VerificationThrottlerGuard)
@UsePipes(new InputPipe('verification'))
@Controller()
export class VerificationController {
  constructor(
    private readonly verifications: VerificationService,
    private readonly paths: MountedPaths,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
  ) {}

  @Get()
  @Landmark(VERIFICATION)
  @Page(PhonePage)
  @ApiOperation({ summary: 'The phone form; as JSON what this service is and offers' })
  @ApiOkResponse({ type: ServiceResource })
  @ApiProblems('not-acceptable')
  home(@Req() request: Request, @Res({ passthrough: true }) response: Response): ServiceResource {
    if (!this.options.identifyCaller && isAnsweredByPage(request)) rememberCaller(request, response);
    return describeService(this.paths.of(VERIFICATION));
  }

  @FormTargets('request-otp', 'resend-otp', 'cancel-otp')
  formTargets(): never {
    throw notAPage(`${this.paths.of(VERIFICATION)}/`);
  }

  @Post('request-otp')
  @HttpCode(200)
  @Idempotent()
  @Page(StartPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a code to a phone number, or to that of an earlier request' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(
    'invalid-input',
    'invalid-phone-number',
    'unknown-request',
    'destination-not-allowed',
    'destination-rejected',
    'refused-by-application',
    'phone-busy',
    'idempotency-key-in-use',
    'idempotency-key-reused',
    'expired',
    'cancelled',
    'attempts-exhausted',
    'already-verified',
    'cooldown',
    'rate-limited',
    'provider-unavailable',
  )
  async start(@Body() body: StartVerificationDto, @Req() request: Request): Promise<VerificationResource> {
    const { requestId, channel } = body;
    const caller = this.callerOf(request);
    if (requestId)
      return this.answer(
        await this.verifications.restart({ requestId, channel, locale: body.locale, caller }),
      );
    const locale = body.locale ?? preferredLanguages(request);
    const { phone } = phoneNumberIn(request, this.options.defaultCountry);
    const phoneNumber = phone ?? body.phoneNumber;
    return this.answer(await this.verifications.start({ ...body, phoneNumber, locale, caller }));
  }

  @Get('verify-otp')
  @Page(CodePage)
  @ApiOperation({ summary: 'The code page again, for a reload or a deep link' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems('invalid-input', 'unknown-request')
  async codePage(@Query() query: OnVerificationDto, @Req() request: Request): Promise<VerificationResource> {
    return this.answer(await this.verifications.find({ ...query, caller: this.callerOf(request) }));
  }

  @Post('verify-otp')
  @HttpCode(200)
  @Page(CodePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Check a code' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(
    ...ON_A_REQUEST,
    'wrong-code',
    'refused-by-application',
    'not-ready',
    'check-in-progress',
    'provider-unavailable',
  )
  async check(@Body() body: CheckVerificationDto, @Req() request: Request): Promise<VerificationResource> {
    const { requestId, otpCode } = body;
    return this.answer(
      await this.verifications.check({ requestId, code: otpCode, caller: this.callerOf(request) }),
    );
  }

  @Post('resend-otp')
  @HttpCode(200)
  @Idempotent()
  @Page(ResendPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Send a new code for the same request, by the same channel or another' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(
    ...ON_A_REQUEST,
    'destination-not-allowed',
    'destination-rejected',
    'not-ready',
    'check-in-progress',
    'cooldown',
    'phone-busy',
    'idempotency-key-in-use',
    'idempotency-key-reused',
    'provider-unavailable',
  )
  async resend(@Body() body: ResendVerificationDto, @Req() request: Request): Promise<VerificationResource> {
    return this.answer(await this.verifications.resend({ ...body, caller: this.callerOf(request) }));
  }

  @Post('cancel-otp')
  @HttpCode(200)
  @Page(CancelPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'End a request' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems(...ON_A_REQUEST, 'not-ready', 'check-in-progress')
  async cancel(@Body() body: OnVerificationDto, @Req() request: Request): Promise<VerificationResource> {
    return this.answer(await this.verifications.cancel({ ...body, caller: this.callerOf(request) }));
  }

  @Get('verifications/:requestId')
  @Page(CodePage)
  @ApiParam({ name: 'requestId', format: 'uuid' })
  @ApiOperation({ summary: 'One request: the code page, or the result page when it is verified' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiProblems('invalid-input', 'unknown-request')
  async find(@Param('requestId') requestId: string, @Req() request: Request): Promise<VerificationResource> {
    // A malformed id is treated as an unknown request; Postgres would reject it.
    if (!isUUID(requestId)) return this.answer(failure('unknown-request'));
    return this.answer(await this.verifications.find({ requestId, caller: this.callerOf(request) }));
  }

  private answer(result: VerificationResult): VerificationResource {
    return resourceOrProblem(result);
  }

  private callerOf(request: Request): Caller {
    return callerOf(request, this.options.identifyCaller);
  }
}
