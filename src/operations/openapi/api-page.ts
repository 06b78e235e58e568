import type { OpenAPIObject } from '@nestjs/swagger';
import type { PageContext, ViewContext } from '../../http/index.js';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  example?: unknown;
}

interface Operation {
  summary?: string;
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The document as the flat lists that the page's template shows. @param problemCodes all that there are */
export function describeApi(
  document: OpenAPIObject,
  problemCodes: readonly string[],
  { text }: PageContext,
): ViewContext {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const resolve = (schema?: Schema) => (schema?.$ref ? schemas[schema.$ref.split('/').at(-1)!] : schema);

  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method): ViewContext => {
      const operation = item[method] as Operation;
      const body = resolve(Object.values(operation.requestBody?.content ?? {})[0]?.schema);
      return {
        method: method.toUpperCase(),
        path,
        summary: operation.summary ?? '',
        fields: Object.entries(body?.properties ?? {}).map(([name, schema]) => ({
          name,
          required: body?.required?.includes(name) ?? false,
          description: describe(schema),
        })),
        responses: Object.entries(operation.responses ?? {}).map(([status, response]) => ({
          status,
          description: plain(response.description ?? ''),
        })),
      };
    }),
  );
  const problems = problemCodes.map((code) => ({
    code,
    title: text(`problem.${code}.title`),
    detail: text(`problem.${code}.detail`, { count: 2 }),
  }));
  return {
    title: document.info.title,
    description: plain(document.info.description ?? ''),
    operations,
    problems,
  };
}

function describe(schema: Schema): string {
  const values = schema.enum ? `one of ${schema.enum.join(', ')}` : '';
  const example = schema.example === undefined ? '' : `for example ${String(schema.example)}`;
  return plain([schema.description, values, example].filter(Boolean).join('; '));
}

const plain = (markdown: string) => markdown.replaceAll('`', '');
