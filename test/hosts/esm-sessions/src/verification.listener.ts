import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { VerificationEvent } from 'nest-sms-otp';

/** Hears of every code that was right. */
@Injectable()
export class VerificationListener {
  readonly heard: VerificationEvent[] = [];

  @OnEvent('verification.matched')
  matched(event: VerificationEvent): void {
    this.heard.push(event);
  }
}
