import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { FreeText } from '../http/index.js';
import { AssuranceResource } from '../two-factor/index.js';
import type { Role } from './user.entity.js';

const trimmed = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value);

export class SignInDto {
  @ApiProperty({ example: 'demo@example.com' })
  @IsString({ message: 'required' })
  email!: string;

  @ApiProperty()
  @IsString({ message: 'required' })
  password!: string;

  @ApiPropertyOptional({ description: 'A path of this origin to go on to.' })
  @IsOptional()
  @IsString({ message: 'malformed' })
  returnTo?: string;
}

export class SignUpDto {
  @ApiProperty({ example: 'someone@example.com' })
  @Transform(trimmed)
  @IsEmail({}, { message: 'malformed' })
  @MaxLength(254, { message: 'too-long' })
  @IsString({ message: 'required' })
  email!: string;

  @ApiProperty({ minLength: 12, maxLength: 128 })
  @MinLength(12, { message: 'too-short' })
  @MaxLength(128, { message: 'too-long' })
  @IsString({ message: 'required' })
  password!: string;
}

export class PaymentDto {
  @ApiProperty({ example: '40.00', description: 'Euros and cents.' })
  @Transform(trimmed)
  @Matches(/^\d{1,7}(\.\d{2})?$/, { message: 'malformed' })
  @IsString({ message: 'required' })
  amount!: string;

  @ApiProperty({ example: 'ACME' })
  @FreeText({ maxLength: 60 })
  recipient!: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Of the step-up that confirmed exactly this.' })
  @IsOptional()
  @IsString({ message: 'malformed' })
  grant?: string;
}

export class AccountResource {
  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['user', 'admin'] })
  role!: Role;

  @ApiProperty({ type: AssuranceResource })
  assurance!: AssuranceResource;
}

export class PaymentResource {
  @ApiProperty({ enum: ['paid'] })
  status!: 'paid';

  @ApiProperty()
  amount!: string;

  @ApiProperty()
  recipient!: string;
}

export class UserResource {
  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['user', 'admin'] })
  role!: Role;
}
