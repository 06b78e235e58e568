import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

interface OpenApiDocument {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, unknown> }> }>>;
  components: { schemas: Record<string, unknown> };
}

let ofTheApplication: OpenApiValidator | undefined;

/** Generating the document takes the application a third of a second; the first suite that has it leaves it for the others. */
async function documentAt(url: string): Promise<OpenApiDocument | null> {
  const file = join(process.env['TEST_DIRECTORY']!, 'openapi.json');
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known) return JSON.parse(known) as OpenApiDocument;
  const response = await fetch(`${url}/openapi.json`);
  if (response.status === 404) return null;
  const document = await response.text();
  // Several instances may start at once, in this process too.
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, document);
  await rename(draft, file);
  return JSON.parse(document) as OpenApiDocument;
}

/** Holds answers against the application's own OpenAPI document: status, media type and shape, nothing undocumented. */
export class OpenApiValidator {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(private readonly document: OpenApiDocument) {
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, 'openapi');
  }

  /** For the application at this address. Its document is the same in every instance, so one reading serves all suites. */
  static async of(url: string): Promise<OpenApiValidator> {
    if (ofTheApplication) return ofTheApplication;
    const document = await documentAt(url);
    // With API_DOCS=off there is nothing to hold answers against.
    if (!document) return new OpenApiValidator({ paths: {}, components: { schemas: {} } });
    return (ofTheApplication ??= new OpenApiValidator(document));
  }

  /** @throws Error naming what the document does not allow; addresses that it does not have are not its business */
  check(
    method: string,
    path: string,
    status: number,
    contentType: string,
    body: Record<string, unknown>,
  ): void {
    const template = this.templateOf(path.replace(/\?.*$/, ''));
    if (!template || !(method.toLowerCase() in this.document.paths[template]!)) return;
    const where = `${method} ${template} ${status}`;
    const mediaType = contentType.split(';')[0]!;
    const response = this.document.paths[template]![method.toLowerCase()]!.responses[String(status)];
    if (!response) throw new Error(`${where} is not documented: ${JSON.stringify(body)}`);
    if (!response.content?.[mediaType]) throw new Error(`${where} is not documented as ${mediaType}`);

    const pointer = [
      'paths',
      template,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      mediaType,
      'schema',
    ];
    const escaped = pointer.map((part) =>
      encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
    );
    const validate = this.validatorFor(`openapi#/${escaped.join('/')}`);
    if (!validate(body))
      throw new Error(`${where}: ${this.ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
  }

  private validatorFor(reference: string): ValidateFunction {
    const known = this.validators.get(reference);
    if (known) return known;
    const validate = this.ajv.compile({ $ref: reference });
    this.validators.set(reference, validate);
    return validate;
  }

  private templateOf(path: string): string | undefined {
    if (path in this.document.paths) return path;
    return Object.keys(this.document.paths).find((template) =>
      new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
  }
}
