import { Controller, Get } from '@nestjs/common';
import { type Assurance, CurrentAssurance, RequireFactor } from 'nest-sms-otp/two-factor';

/** Routes of the application. The guard asks for a second factor from users who have one. */
@Controller('account')
export class AccountController {
  @Get()
  account(@CurrentAssurance() { userId, amr }: Assurance) {
    return { userId, amr };
  }

  /** For those only who have a second factor, and have shown it within the last five minutes. */
  @RequireFactor({ maxAgeSeconds: 300 })
  @Get('api-keys')
  apiKeys() {
    return { apiKeys: [] };
  }
}
