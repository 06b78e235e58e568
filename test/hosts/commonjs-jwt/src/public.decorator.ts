import { SetMetadata } from '@nestjs/common';

export const IS_PUBLIC = 'isPublic';

/** The application's own marker of routes that need no sign-in. */
export const Public = () => SetMetadata(IS_PUBLIC, true);
