import { Transform } from 'class-transformer';
import { IsObject } from 'class-validator';
import { ApiProperty, IntersectionType } from '../../openapi/decorators.js';
import { ContinueDto } from '../challenge/challenge.dto.js';
import { LabelDto } from '../enrolment/label.dto.js';

/** What the browser's `navigator.credentials` returned, as its `toJSON()` writes it. In a form, as text. */
class AuthenticatorResponseDto {
  @ApiProperty({
    type: Object,
    description: 'The credential, as its `toJSON()` writes it. In a form: as JSON text.',
  })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? parsed(value) : value))
  @IsObject({ message: 'malformed' })
  response!: object;
}

/** A new passkey. */
export class AddPasskeyDto extends IntersectionType(AuthenticatorResponseDto, LabelDto) {}

/** A signature by one of the user's passkeys. */
export class ShowPasskeyDto extends IntersectionType(AuthenticatorResponseDto, ContinueDto) {}

/** What `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` takes. */
export class PasskeyOptionsResource {
  @ApiProperty({ description: 'Random, in base64url. Valid for five minutes, once.' })
  challenge!: string;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
