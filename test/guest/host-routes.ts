import {
  type ArgumentsHost,
  BadRequestException,
  Body,
  Catch,
  Controller,
  Delete,
  type ExceptionFilter,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  type CallHandler,
  type ExecutionContext,
  Param,
  ParseIntPipe,
  Patch,
  Post,
  Put,
  Query,
  Redirect,
  Req,
  Res,
  SetMetadata,
  UseFilters,
  UseInterceptors,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { IsEmail, IsInt, IsOptional, IsString } from 'class-validator';
import type { Request, Response } from 'express';
import { map } from 'rxjs';

/** The host's own marker of routes that everybody may use. */
export const PUBLIC = 'host:public';
export const Public = () => SetMetadata(PUBLIC, true);

class Order {
  @IsInt()
  amount!: number;

  @IsEmail()
  email!: string;

  @IsOptional()
  @IsString()
  note?: string;
}

class Teapot extends Error {}

@Catch(Teapot)
class TeapotFilter implements ExceptionFilter {
  catch(_error: Teapot, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(418).send('short and stout');
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

/** Routes of a host as they are: bodies of all kinds, errors in its own shapes, pages of its own. */
@Public()
@Controller('shop')
export class ShopController {
  @Get()
  home() {
    return { shop: 'open' };
  }

  @Get('text')
  text() {
    return 'plain';
  }

  @Get('page')
  @Header('Content-Type', 'text/html')
  page() {
    return '<script>alert("inline, as the host likes it")</script>';
  }

  @Get('empty')
  empty() {}

  @Get('old')
  @Redirect('/shop', 301)
  old() {}

  @Get('items/:id')
  item(@Param('id', ParseIntPipe) id: number) {
    return { id };
  }

  @Get('search')
  search(@Query() query: Record<string, unknown>) {
    return query;
  }

  @Get('address')
  address(@Req() request: Request) {
    return { ip: request.ip, protocol: request.protocol, host: request.host };
  }

  @Get('cookie')
  cookie(@Res({ passthrough: true }) response: Response) {
    response.cookie('cart', '1', { sameSite: 'none', secure: true });
    return {};
  }

  @Get('broken')
  broken() {
    throw new Error('the message of the host');
  }

  @Get('forbidden')
  forbidden() {
    throw new ForbiddenException({ reason: 'of the host', code: 7 });
  }

  @Get('teapot')
  @UseFilters(TeapotFilter)
  teapot() {
    throw new Teapot();
  }

  @Get('envelope')
  @UseInterceptors(Envelope)
  envelope() {
    return [1, 2];
  }

  @Post('orders')
  order(@Body() order: Order) {
    return order;
  }

  @Post('echo')
  @HttpCode(200)
  echo(@Body() body: unknown) {
    return body ?? null;
  }

  @Post('upload')
  upload(@Req() request: Request) {
    return { type: request.get('content-type'), read: request.body !== undefined };
  }

  @Put('items/:id')
  put(@Param('id') id: string, @Body() body: object) {
    return { id, ...body };
  }

  @Patch('items/:id')
  patch() {
    throw new BadRequestException(['a', 'b']);
  }

  @Delete('items/:id')
  @HttpCode(204)
  remove() {}
}

/** As many hosts are set up. Not one line of it is ours. */
export function setUpHost(app: INestApplication): void {
  app.enableCors({ origin: 'https://shop.example.com', credentials: true });
  app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** Requests to the routes above: method, path, headers, body. */
export const REQUESTS: [string, string, Record<string, string>?, string?][] = [
  ['GET', '/shop'],
  ['HEAD', '/shop'],
  ['OPTIONS', '/shop'],
  ['GET', '/shop', { 'If-None-Match': 'W/"f-9VHMWfsYJuaDUgbYBa7SRbWVnPs"' }],
  ['GET', '/shop/text'],
  ['GET', '/shop/page', { Accept: 'text/html' }],
  ['GET', '/shop/empty'],
  ['GET', '/shop/old'],
  ['GET', '/shop/items/7'],
  ['GET', '/shop/items/seven'],
  ['GET', '/shop/search?a[b]=1&c=2&c=3'],
  ['GET', '/shop/address', { 'X-Forwarded-For': '203.0.113.7:5000', 'X-Forwarded-Proto': 'https' }],
  ['GET', '/shop/cookie'],
  ['GET', '/shop/broken', { Accept: 'text/html' }],
  ['GET', '/shop/forbidden'],
  ['GET', '/shop/teapot'],
  ['GET', '/shop/envelope'],
  ['GET', '/shop/nowhere', { Accept: 'text/html' }],
  ['GET', '/favicon.ico'],
  ['POST', '/shop/orders', JSON_TYPE, '{"amount":4,"email":"anna@example.com"}'],
  ['POST', '/shop/orders', JSON_TYPE, '{"amount":"many","extra":1}'],
  ['POST', '/shop/echo', JSON_TYPE, '{"__proto__":{"a":1},"deep":[[[[[[[[[[[[1]]]]]]]]]]]]}'],
  ['POST', '/shop/echo', JSON_TYPE, JSON.stringify({ long: 'x'.repeat(50_000) })],
  ['POST', '/shop/echo', JSON_TYPE, JSON.stringify({ tooLong: 'x'.repeat(150_000) })],
  ['POST', '/shop/echo', JSON_TYPE, '{"malformed"'],
  ['POST', '/shop/echo', FORM_TYPE, 'a[b]=1&c=2'],
  ['POST', '/shop/echo', { 'Content-Type': 'text/plain' }, 'plain'],
  ['POST', '/shop/upload', { 'Content-Type': 'multipart/form-data; boundary=x' }, '--x--\r\n'],
  ['POST', '/shop/echo', { ...JSON_TYPE, Origin: 'https://shop.example.com', Cookie: 'cart=1' }, '{}'],
  [
    'POST',
    '/shop/echo',
    { ...JSON_TYPE, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    '{}',
  ],
  ['OPTIONS', '/shop/echo', { Origin: 'https://shop.example.com', 'Access-Control-Request-Method': 'POST' }],
  ['PUT', '/shop/items/7', JSON_TYPE, '{"name":"n"}'],
  ['PATCH', '/shop/items/7', JSON_TYPE, '{}'],
  ['DELETE', '/shop/items/7'],
];
