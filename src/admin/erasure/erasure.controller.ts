import { Body, Controller, HttpCode, Injectable, Post, UsePipes } from '@nestjs/common';
import {
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '../../openapi/decorators.js';
import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional } from 'class-validator';
import {
  BODIES,
  FormTargets,
  InputPipe,
  notAPage,
  Page,
  type PageContext,
  type View,
} from '../../http/index.js';
import { numberProblem, VerificationService } from '../../verification/index.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { PersonDto } from '../interventions/interventions.dto.js';
import { AdminPage } from '../pages/admin.page.js';
import { Erasures } from './erasure.service.js';

export class EraseDto extends PersonDto {
  @ApiPropertyOptional({ type: Boolean, description: 'Only count; in a form `on`.', default: false })
  @IsBoolean({ message: 'unknown' })
  @Transform(({ value }: { value: unknown }) => (value === 'on' ? true : value === '' ? undefined : value))
  @IsOptional()
  dryRun?: boolean;
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
}

@Injectable()
export class ErasurePage extends AdminPage<ErasureResource> {
  protected readonly path = '/persons';

  success({ receipt, rows }: ErasureResource, { text }: PageContext): View {
    return {
      name: 'admin/erased',
      address: this.paths.at(this.path),
      once: true,
      context: {
        title: text(receipt === null ? 'admin.erased.dry' : 'admin.erased'),
        receipt,
        rows: Object.entries(rows).map(([table, count]) => ({ table, count })),
        backPath: this.paths.at(this.path),
      },
    };
  }
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
  ) {}

  @FormTargets('erase')
  @NeedsScope('persons:erase')
  formTargets(): never {
    throw notAPage(this.paths.at('/persons'));
  }

  @Post('erase')
  @HttpCode(200)
  @NeedsScope('persons:erase')
  @Page(ErasurePage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Erase all that is known of a number or a user; statistics and chains stay' })
  @ApiOkResponse({ type: ErasureResource })
  @ApiAdminProblems('invalid-phone-number')
  async erase(@CurrentActor() actor: Actor, @Body() body: EraseDto): Promise<ErasureResource> {
    const { reason, dryRun = false, ...person } = body;
    const read = person.phoneNumber && this.verifications.readNumber(person.phoneNumber, person.country);
    if (read && !read.phone) throw numberProblem(read.defect);
    return (await this.erasures.erase(actor, person, reason, { dryRun }))!;
  }
}
