import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsString, MaxLength, MinLength } from 'class-validator';

/** Every act has one: the audit shows it. */
export class ReasonDto {
  @ApiProperty({ minLength: 3, maxLength: 500, description: 'Why; for the audit. No numbers of people.' })
  @MaxLength(500, { message: 'too-long' })
  @MinLength(3, { message: 'required' })
  @IsString({ message: 'required' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  reason!: string;
}
