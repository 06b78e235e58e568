import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** Metadata key for who can use a route. Modules that guard routes read it, and store their own requirements under it. */
export const ACCESS = 'http:access';

/** Opens a controller or a handler to everybody, signed in or not. */
export const OpenToAll = (): CustomDecorator => SetMetadata(ACCESS, 'open');
