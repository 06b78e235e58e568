import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { IsISO31661Alpha2, IsNotEmpty, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import { ReasonDto } from '../reason.dto.js';

/** A person, by a number or as a user. */
export class PersonDto extends ReasonDto {
  @ApiPropertyOptional({ description: 'In any spelling; this or `userId`.', example: '+14155552671' })
  @MaxLength(64, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  @EmptyAsAbsent()
  @ValidateIf((body: PersonDto) => body.userId === undefined || body.phoneNumber !== undefined)
  phoneNumber?: string;

  @ApiPropertyOptional({ description: 'ISO 3166-1 alpha-2, for a national number.' })
  @IsISO31661Alpha2({ message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  country?: string;

  @ApiPropertyOptional({ description: 'As the host names it.' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  userId?: string;
}

export class UserDto extends ReasonDto {
  @ApiProperty({ description: 'As the host names it.' })
  @MaxLength(200, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  userId!: string;
}

export class LockResource {
  @ApiProperty({ description: 'Whether there was anything to lift.' })
  lifted!: boolean;
}

export class ResetResource {
  @ApiProperty({ description: 'Phones and authenticator apps that were removed.' })
  removed!: number;
}

export class RevealedResource {
  @ApiProperty({ format: 'uuid' })
  requestId!: string;

  @ApiProperty({ description: 'E.164.', example: '+14155552671' })
  phoneNumber!: string;
}
