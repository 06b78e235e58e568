import { ApiPropertyOptional, IntersectionType, PickType } from '../../openapi/decorators.js';
import { IsOptional, IsUUID } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import {
  CheckVerificationDto,
  ResendVerificationDto,
  StartVerificationDto,
} from '../../verification/index.js';
import { LabelDto } from '../enrolment/label.dto.js';

class NewPhoneDto extends LabelDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'The phone that it replaces once it is proven.' })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  replaces?: string;
}

/** A number to enrol. */
export class EnrolPhoneDto extends IntersectionType(
  PickType(StartVerificationDto, ['phoneNumber', 'country', 'channel', 'locale']),
  NewPhoneDto,
) {}

/** An enrolment that is over, to be begun again. */
export class RestartPhoneDto extends IntersectionType(
  ResendVerificationDto,
  PickType(NewPhoneDto, ['replaces']),
) {}

/** The code that was sent to a number to enrol. */
export class ProvePhoneDto extends IntersectionType(CheckVerificationDto, NewPhoneDto) {}
