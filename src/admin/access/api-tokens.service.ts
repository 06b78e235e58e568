import { Injectable } from '@nestjs/common';
import type { Scope } from './scopes.js';

export interface KnownToken {
  id: string;
  scopes: readonly Scope[];
}

@Injectable()
export class ApiTokens {
  authenticate(_token: string): Promise<KnownToken | null> {
    return Promise.resolve(null);
  }
}
