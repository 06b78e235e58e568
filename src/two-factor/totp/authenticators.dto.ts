import { ApiProperty, PickType } from '../../openapi/decorators.js';
import { CheckVerificationDto } from '../../verification/index.js';

/** The first code of an app that is being set up. */
export class ConfirmAuthenticatorDto extends PickType(CheckVerificationDto, ['otpCode']) {}

/** The secret of an app that is being set up. */
export class AuthenticatorResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'Base 32, for apps without a camera.' })
  secret!: string;

  @ApiProperty({ example: 'otpauth://totp/…' })
  uri!: string;
}
