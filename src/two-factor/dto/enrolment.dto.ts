import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';

const LONGEST_LABEL = 40;
const EmptyIsAbsent = () => Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

export class LabelDto {
  @ApiPropertyOptional({ maxLength: LONGEST_LABEL, description: 'The user’s own name for it.' })
  @IsOptional()
  @EmptyIsAbsent()
  @MaxLength(LONGEST_LABEL, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  label?: string;
}

export class EnrolPhoneDto extends LabelDto {
  @ApiProperty({ example: '+14155552671' })
  @MaxLength(64, { message: 'too-long' })
  @IsString({ message: 'required' })
  phoneNumber!: string;

  @ApiPropertyOptional({ description: 'ISO 3166-1 alpha-2, for a national number.' })
  @IsOptional()
  @EmptyIsAbsent()
  @MaxLength(2, { message: 'unknown' })
  @IsString({ message: 'unknown' })
  country?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The phone whose place it takes once it is proven.' })
  @IsOptional()
  @EmptyIsAbsent()
  @IsUUID('all', { message: 'malformed' })
  replaces?: string;
}

export class ProvePhoneDto extends LabelDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID('all', { message: 'malformed' })
  requestId!: string;

  @ApiProperty({ example: '513815' })
  @MaxLength(64, { message: 'too-long' })
  @IsString({ message: 'required' })
  otpCode!: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @EmptyIsAbsent()
  @IsUUID('all', { message: 'malformed' })
  replaces?: string;
}

export class ConfirmAuthenticatorDto {
  @ApiProperty({ example: '513815' })
  @MaxLength(64, { message: 'too-long' })
  @IsString({ message: 'required' })
  otpCode!: string;
}
