import { ApiProperty } from '../openapi/decorators.js';
import { FreeText } from '../http/index.js';

/** Every act has one: the audit shows it. */
export class ReasonDto {
  @ApiProperty({ minLength: 3, maxLength: 500, description: 'Why; for the audit. No numbers of people.' })
  @FreeText({ minLength: 3, maxLength: 500 })
  reason!: string;
}
