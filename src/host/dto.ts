import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, IsString } from 'class-validator';
import { AssuranceResource } from '../two-factor/index.js';
import { IsEmailAddress, normaliseEmail } from './email-address.js';
import { NewPassword } from './passwords/password-rules.js';
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

export class AccountResource {
  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['user', 'admin'] })
  role!: Role;

  @ApiProperty({ type: AssuranceResource })
  assurance!: AssuranceResource;
}

export class UserResource {
  @ApiProperty()
  email!: string;

  @ApiProperty({ enum: ['user', 'admin'] })
  role!: Role;
}
