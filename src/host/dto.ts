import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, IsString } from 'class-validator';
import { AssuranceResource, FactorResource } from '../two-factor/index.js';
import { ACTIVITY_TYPES, type ActivityType } from './activity/activity.js';
import { IsEmailAddress, normaliseEmail } from './email-address.js';
import { NewPassword } from './passwords/password-rules.js';
import { SessionResource } from './sessions/sessions.dto.js';
import type { Role } from './user.entity.js';

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

export class EmailDto {
  @ApiProperty({ example: 'someone@example.com', maxLength: 254 })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? normaliseEmail(value) : value))
  @IsEmailAddress({ message: 'malformed' })
  @IsString({ message: 'required' })
  email!: string;
}

/** The address of a page that a link in an e-mail leads to. */
export class LinkQuery {
  @ApiProperty({ description: 'From the e-mail.' })
  @IsString({ message: 'required' })
  token!: string;
}

export class ChoosePasswordDto {
  @ApiProperty({ description: 'From the e-mail.' })
  @IsString({ message: 'required' })
  token!: string;

  @NewPassword()
  password!: string;
}

export class ChangePasswordDto {
  @ApiProperty()
  @IsString({ message: 'required' })
  currentPassword!: string;

  @NewPassword()
  password!: string;
}

export class MailedResource {
  @ApiProperty({
    enum: ['check-your-mail'],
    description: 'The same whether there is such an account or not.',
  })
  status!: 'check-your-mail';
}

export class LinkResource {
  @ApiProperty({ enum: ['choose-password'], description: 'The link works; nothing was done yet.' })
  status!: 'choose-password';
}

export class PasswordResource {
  @ApiProperty({ enum: ['password-changed'] })
  status!: 'password-changed';
}

/** Something that happened to the account. */
export class ActivityResource {
  @ApiProperty({ enum: ACTIVITY_TYPES })
  type!: ActivityType;

  @ApiProperty({ description: 'A masked number, or a browser and its network. May be empty.' })
  detail!: string;

  @ApiProperty({ format: 'date-time' })
  at!: string;
}

export class AccountResource {
  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['user', 'admin'] })
  role!: Role;

  @ApiProperty({ type: AssuranceResource })
  assurance!: AssuranceResource;

  @ApiProperty({ type: [FactorResource], description: 'The second factors of the user.' })
  factors!: FactorResource[];

  @ApiProperty()
  recoveryCodesLeft!: number;

  @ApiProperty({ type: [SessionResource], description: 'The last used first; at most 50.' })
  sessions!: SessionResource[];

  @ApiProperty({ type: [ActivityResource], description: 'The newest first; at most 10, of 90 days.' })
  activity!: ActivityResource[];
}

export class UserResource {
  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['user', 'admin'] })
  role!: Role;
}
