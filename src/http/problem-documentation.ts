import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
} from '../openapi/decorators.js';
import { HTTP_PROBLEMS, type HttpProblemCode } from './problem.js';

/** One wrong field. */
export class FieldErrorResource {
  @ApiProperty()
  field!: string;

  @ApiProperty({ description: 'Stable code for programs.', example: 'too-short' })
  code!: string;

  @ApiProperty({ description: 'Message for people, in their language.' })
  message!: string;
}

/** A problem by RFC 9457, with a stable `code`. */
export class ProblemResource {
  @ApiProperty({ format: 'uri-reference' })
  type!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty()
  status!: number;

  @ApiProperty()
  detail!: string;

  @ApiProperty({ description: 'Stable code for programs, in kebab case.' })
  code!: string;

  @ApiPropertyOptional({ format: 'uuid' })
  requestId?: string;

  @ApiPropertyOptional()
  attemptsRemaining?: number;

  @ApiPropertyOptional({ description: 'The same as the Retry-After header.' })
  retryAfterSeconds?: number;

  @ApiPropertyOptional({ type: [FieldErrorResource] })
  errors?: FieldErrorResource[];
}

/** Every route can have these problems. */
const EVERYWHERE = [
  'invalid-input',
  'not-acceptable',
  'cross-origin',
  'payload-too-large',
  'unsupported-media-type',
  'internal',
  'service-unavailable',
] as const satisfies HttpProblemCode[];

/**
 * Makes a module's decorator that documents the problems of a route: one response per status, with its possible codes.
 * @param catalogue the module's own codes with their statuses
 */
export function problemsDecorator<FeatureCode extends string>(
  catalogue: Readonly<Record<FeatureCode, number>>,
) {
  type Code = FeatureCode | HttpProblemCode;
  const all = { ...catalogue, ...HTTP_PROBLEMS } as Record<Code, number>;
  return (...codes: Code[]) => {
    const byStatus = new Map<number, Code[]>();
    for (const code of new Set<Code>([...codes, ...EVERYWHERE])) {
      byStatus.set(all[code], [...(byStatus.get(all[code]) ?? []), code]);
    }
    return applyDecorators(
      ApiExtraModels(ProblemResource),
      ...[...byStatus].map(([status, statusCodes]) => problemResponse(status, statusCodes)),
    );
  };
}

function problemResponse(status: number, codes: string[]) {
  return ApiResponse({
    status,
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: getSchemaPath(ProblemResource) },
            { type: 'object', properties: { code: { enum: codes }, status: { enum: [status] } } },
          ],
        },
      },
    },
    ...([429, 503].includes(status)
      ? { headers: { 'Retry-After': { description: 'In seconds.', schema: { type: 'integer' } } } }
      : {}),
  });
}
