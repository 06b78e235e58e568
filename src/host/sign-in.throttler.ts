import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { clientAddress, FloodGuard } from '../http/index.js';

/** Limits sign-in attempts and requested emails by network address. {@link FailedPasswords} limits them by account. */
@Injectable()
export class SignInThrottler extends FloodGuard {
  protected override getTracker(request: Request): Promise<string> {
    return Promise.resolve(`sign-in ${clientAddress(request)}`);
  }
}
