import { Body, Controller, HttpCode, Post, Req, UsePipes } from '@nestjs/common';
import {
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '../../openapi/decorators.js';
import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Request } from 'express';
import { BODIES, FormTargets, InputPipe, isForm, notAPage, Page } from '../../http/index.js';
import { maskPhoneNumber, numberProblem, VerificationService } from '../../verification/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { UserNames } from '../access/user-names.js';
import { adminProblem, ApiAdminProblems } from '../admin.problems.js';
import { PersonDto } from '../interventions/interventions.dto.js';
import { ErasurePage } from './erasure.page.js';
import { Erasures } from './erasure.service.js';

export class EraseDto extends PersonDto {
  @ApiPropertyOptional({ type: Boolean, description: 'Only count; in a form `on`.', default: false })
  @IsBoolean({ message: 'unknown' })
  @Transform(({ value }: { value: unknown }) => (value === 'on' ? true : value === '' ? undefined : value))
  @IsOptional()
  dryRun?: boolean;

  @ApiPropertyOptional({ description: 'What a dry run returned: nothing is erased if it has changed since.' })
  @MaxLength(64, { message: 'malformed' })
  @IsString({ message: 'malformed' })
  @IsOptional()
  preview?: string;
}

export class ErasureResource {
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'The receipt: the number of the entry in the audit. Null for a dry run.',
  })
  receipt!: number | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Rows by table that were emptied of what is personal, or deleted.',
  })
  rows!: Record<string, number>;

  @ApiPropertyOptional({ description: 'Of a dry run: send it along to erase just this.' })
  preview?: string;

  /** Only for pages: what would go has changed since it was shown, and nothing was erased. */
  isChanged?: boolean;

  @ApiProperty({ description: 'Whose data: a masked number, what the application calls the user, or both.' })
  person!: string;
}

/** The right to be forgotten. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('erasure'))
@Controller('persons')
export class ErasureController {
  constructor(
    private readonly erasures: Erasures,
    private readonly verifications: VerificationService,
    private readonly paths: AdminPaths,
    private readonly names: UserNames,
  ) {}

  @FormTargets('erase')
  @NeedsScope('persons:erase')
  formTargets(): never {
    throw notAPage(this.paths.at('/persons'));
  }

  @Post('erase')
  @HttpCode(200)
  @Act('erase', '/persons')
  @NeedsScope('persons:erase')
  @Page(ErasurePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Erase all that is known of a number or a user; statistics and chains stay' })
  @ApiOkResponse({ type: ErasureResource })
  @ApiAdminProblems('invalid-phone-number', 'preview-outdated')
  async erase(
    @CurrentActor() actor: Actor,
    @Body() body: EraseDto,
    @Req() request: Request,
  ): Promise<ErasureResource> {
    const { reason, dryRun, preview, ...whom } = body;
    const read = whom.phoneNumber ? this.verifications.readNumber(whom.phoneNumber, whom.country) : undefined;
    if (read && !read.phone) throw numberProblem(read.defect);
    const names = whom.userId ? await this.names.of([whom.userId]) : new Map<string, string>();
    const user = whom.userId && (names.get(whom.userId) ?? whom.userId);
    const person = [read?.phone && maskPhoneNumber(read.phone.country, read.phone.e164.slice(-2)), user]
      .filter(Boolean)
      .join(', ');
    const look = async () => ({
      ...(await this.erasures.erase(actor, whom, reason, { dryRun: true }))!,
      person,
    });
    // A form shows first what would go, whether or not it asks to.
    if (dryRun ?? (preview === undefined && isForm(request))) return look();
    if (preview !== undefined) {
      const now = await look();
      const isChanged = now.preview !== preview;
      if (isChanged && isForm(request)) return { ...now, isChanged };
      if (isChanged) throw adminProblem('preview-outdated');
    }
    return { ...(await this.erasures.erase(actor, whom, reason))!, person };
  }
}
