import { Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request, Response } from 'express';
import { SkipSecondFactor, TwoFactorService } from 'nest-sms-otp/two-factor';

@Controller()
export class AuthController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  /** Passport checks the password. `twoFactor.signIn` is new: it says where the browser goes next. */
  @SkipSecondFactor()
  @UseGuards(AuthGuard('local'))
  @Post('login')
  @HttpCode(200)
  async login(
    @Req() request: Request & { user: { id: string } },
    @Res({ passthrough: true }) response: Response,
  ) {
    const { next } = await this.twoFactor.signIn(request, response, request.user.id);
    return { next };
  }
}
