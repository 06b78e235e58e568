import { ApiPropertyOptional } from '../../openapi/decorators.js';
import { FreeText } from '../../http/index.js';

const LONGEST_LABEL = 40;

/** Names a factor. */
export class LabelDto {
  @ApiPropertyOptional({ maxLength: LONGEST_LABEL, description: 'The user’s own name for it.' })
  @FreeText({ maxLength: LONGEST_LABEL, isOptional: true })
  label?: string;
}
