import type { ExecutionContext, Type } from '@nestjs/common';
import { PIPES_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Request } from 'express';
import { InputPipe } from './input-pipe.js';

const DTO_PARAMETERS = { [RouteParamtypes.BODY]: 'body', [RouteParamtypes.QUERY]: 'query' } as const;

/**
 * Checks the input of one of our handlers before the pipes of the application see it: they know neither our words for wrong
 * fields nor that we drop unknown ones.
 * @throws Problem `invalid-input`
 */
export async function checkOwnInput(context: ExecutionContext): Promise<void> {
  const controller = context.getClass();
  const pipes = (Reflect.getMetadata(PIPES_METADATA, controller) ?? []) as unknown[];
  const pipe = pipes.find((each) => each instanceof InputPipe);
  if (!pipe) return;
  const handler = context.getHandler().name;
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, handler) as Type[];
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) as object | undefined;
  const request = context.switchToHttp().getRequest<Request>();
  for (const parameter of Object.keys(parameters ?? {})) {
    const [kind, index] = parameter.split(':').map(Number);
    const type = DTO_PARAMETERS[kind as keyof typeof DTO_PARAMETERS];
    const metatype = types[index!];
    if (!type || !metatype || metatype === Object) continue;
    const known = await pipe.transformEarly(request[type], { type, metatype });
    if (type === 'body') request.body = known;
  }
}
