import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** Who a route is for; a feature that guards routes reads it, and writes demands of its own under the same key. */
export const ACCESS = 'http:access';

/** On a controller or a handler: for everybody, signed in or not. */
export const OpenToAll = (): CustomDecorator => SetMetadata(ACCESS, 'open');
