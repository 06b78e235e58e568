import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { clientAddress, FloodGuard } from '../http/index.js';

/** Guesses at passwords and requests for e-mails, by address. By account: FailedPasswords. */
@Injectable()
export class SignInThrottler extends FloodGuard {
  protected override getTracker(request: Request): Promise<string> {
    return Promise.resolve(`sign-in ${clientAddress(request)}`);
  }
}
