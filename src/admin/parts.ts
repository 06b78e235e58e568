import type { Provider, Type } from '@nestjs/common';

/** What one subject of the administration brings to its module. */
export interface AdminParts {
  controllers: Type[];
  providers: Provider[];
}
