import fc from 'fast-check';
import {
  contentType,
  evilBody,
  evilHeader,
  evilQuery,
  evilSegment,
  evilText,
  evilValue,
} from './evil-values.js';

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  properties?: Record<string, Schema>;
}
interface DocumentedOperation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}
export interface OpenApiDocument {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
}

/** One route with all that it takes. */
export interface Operation {
  method: string;
  path: string;
  parameters: string[];
  query: string[];
  fields: string[];
}

/** A field is what it should be, left out, or something else. */
export type Choice = 'valid' | 'absent' | { value: unknown };

/** A call, written down: values that should be right are filled in when it is made. */
export interface FuzzedRequest {
  caller: string;
  operation: Operation;
  method: string;
  /** `valid`, or what stands in the path instead of an id. */
  segment: string;
  query: Choice[];
  rawQuery: string | null;
  fields: Choice[];
  form: boolean;
  raw: { body: string; type: string } | null;
  headers: readonly (readonly [string, string])[];
}

export function operationsOf({ paths, components }: OpenApiDocument): Operation[] {
  const fieldsOf = (schema: Schema | undefined): string[] => {
    if (!schema) return [];
    const resolved = schema.$ref ? components.schemas[schema.$ref.split('/').at(-1)!]! : schema;
    return [...Object.keys(resolved.properties ?? {}), ...(resolved.allOf ?? []).flatMap(fieldsOf)];
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const named = (place: string) => parameters.filter((each) => each.in === place).map(({ name }) => name);
      return {
        method: method.toUpperCase(),
        path,
        parameters: named('path'),
        query: named('query'),
        fields: fieldsOf(Object.values(requestBody?.content ?? {})[0]?.schema),
      };
    }),
  );
}

/** What a request has in its fields: up to two of them are not what they should be. */
function choices(names: readonly string[], evil: fc.Arbitrary<unknown>): fc.Arbitrary<Choice[]> {
  if (names.length === 0) return fc.constant([]);
  const wrong = fc.oneof(
    { weight: 1, arbitrary: fc.constant('absent' as const) },
    { weight: 3, arbitrary: evil.map((value) => ({ value })) },
  );
  const spots = fc.array(fc.record({ index: fc.nat({ max: names.length - 1 }), wrong }), { maxLength: 2 });
  return spots.map((changes) =>
    names.map((_, index): Choice => changes.find((change) => change.index === index)?.wrong ?? 'valid'),
  );
}
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

export const requests = (
  operations: readonly Operation[],
  callers: readonly string[],
): fc.Arbitrary<FuzzedRequest> =>
  fc.constantFrom(...operations).chain((operation) =>
    fc.record({
      caller: fc.constantFrom(...callers),
      operation: fc.constant(operation),
      method: fc.oneof(
        { weight: 12, arbitrary: fc.constant(operation.method) },
        { weight: 1, arbitrary: fc.constantFrom('HEAD', 'PUT', 'DELETE', 'OPTIONS', 'POST', 'GET') },
      ),
      segment: fc.oneof(
        { weight: 6, arbitrary: fc.constant('valid') },
        { weight: 1, arbitrary: evilSegment },
      ),
      query: choices(operation.query, evilText),
      rawQuery: rarely(evilQuery),
      fields: choices(operation.fields, evilValue),
      form: fc.boolean(),
      raw: rarely(fc.record({ body: evilBody, type: contentType })),
      headers: fc.oneof(
        { weight: 4, arbitrary: fc.constant<[string, string][]>([]) },
        { weight: 1, arbitrary: fc.array(evilHeader, { minLength: 1, maxLength: 2 }) },
      ),
    }),
  );
