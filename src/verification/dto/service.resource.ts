import { ApiProperty } from '../../openapi/decorators.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../http/index.js';

export class RouteResource {
  @ApiProperty({ example: 'POST' })
  method!: string;

  @ApiProperty({ example: '/request-otp' })
  path!: string;

  @ApiProperty()
  summary!: string;
}

/** What `GET /` says to a program. */
export class ServiceResource {
  @ApiProperty()
  name!: string;

  @ApiProperty({ example: '0.1.0' })
  version!: string;

  @ApiProperty({ type: [RouteResource] })
  routes!: RouteResource[];
}

const { name, version } = JSON.parse(
  readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'),
) as ServiceResource;

const ROUTES: [string, string, string][] = [
  [
    'POST',
    '/request-otp',
    'Send a code: phoneNumber or an earlier requestId, optional country, channel, locale',
  ],
  ['GET', '/verify-otp', 'The code page again: ?requestId='],
  ['POST', '/verify-otp', 'Check a code: requestId, otpCode'],
  ['POST', '/resend-otp', 'Send a new code: requestId, optional channel'],
  ['POST', '/cancel-otp', 'End a request: requestId'],
  ['GET', '/verifications/{requestId}', 'One request'],
];

/** Describes the service and its routes, for `GET /` as JSON. @param base the path at which they are */
export function describeService(base = ''): ServiceResource {
  const routes = ROUTES.map(([method, path, summary]) => ({ method, path: base + path, summary }));
  return { name, version, routes };
}
