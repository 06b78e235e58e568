import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { contextOf, MountedPaths, ViewRenderer } from '../../http/index.js';
import { describeApi } from './api-page.js';

/** The document changes with a deployment only, and a stale one should not live much longer than that. */
const CACHE_CONTROL = 'public, max-age=300';

/** The document, generated from the controllers and DTOs. */
function openApiDocument(
  app: INestApplication,
  { name, version }: { name: string; version: string },
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(name)
    .setVersion(version)
    .setDescription(
      'Proves control of a phone number by a one-time code. Failures are problem+json with a stable `code`.',
    )
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Of `POST /admin/tokens`.' }, 'api-token')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** `/openapi.json` for programs and `/docs` for people: our own page, since Swagger UI needs inline scripts. */
export function serveOpenApi(
  app: NestExpressApplication,
  service: { name: string; version: string },
  problemCodes: readonly string[],
): void {
  const renderer = app.get(ViewRenderer, { strict: false });
  const paths = app.get(MountedPaths, { strict: false });
  // Generating it takes about half as long as everything else that a start does, so the first reader waits for it.
  let generated: OpenAPIObject | undefined;
  const document = () => (generated ??= openApiDocument(app, service));
  const express = app.getHttpAdapter().getInstance();
  express.get('/openapi.json', (_request, response) => {
    response.setHeader('Cache-Control', CACHE_CONTROL);
    response.json(document());
  });
  express.get('/docs', (request, response) => {
    const context = contextOf(request, renderer, paths);
    const page = renderer.render(
      { name: 'docs', context: describeApi(document(), problemCodes, context) },
      context.locale,
    );
    response.setHeader('Cache-Control', CACHE_CONTROL);
    // A cookie has the language that was chosen in the menu.
    response.vary('Accept-Language').vary('Cookie').type('html').send(page);
  });
}
