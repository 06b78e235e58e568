import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, Matches } from 'class-validator';
import { FreeText } from '../../http/index.js';

const trimmed = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value);

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

export class PaymentResource {
  @ApiProperty({ format: 'uuid', description: 'The grant that it was confirmed with.' })
  id!: string;

  @ApiProperty({ enum: ['paid'] })
  status!: 'paid';

  @ApiProperty()
  amount!: string;

  @ApiProperty()
  recipient!: string;

  @ApiProperty({ format: 'date-time' })
  paidAt!: string;
}
