import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Response } from 'express';

/** The shape of errors that the application's clients know. */
@Catch(HttpException)
export class ErrorShapeFilter implements ExceptionFilter {
  catch(exception: HttpException, host: ArgumentsHost): void {
    const response = exception.getResponse();
    const body = typeof response === 'string' ? { message: response } : response;
    host.switchToHttp().getResponse<Response>().status(exception.getStatus()).json({ error: body });
  }
}
