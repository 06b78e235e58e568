import { Body, Controller, HttpCode, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SkipSecondFactor, TwoFactorService } from 'nest-sms-otp/two-factor';

@Controller()
export class AuthController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  @SkipSecondFactor()
  @Post('login')
  @HttpCode(200)
  async login(
    @Body() { password }: { password: string },
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (password !== 'a password of the tests') throw new UnauthorizedException();
    const { accessToken } = await this.twoFactor.signIn(request, response, 'anna');
    return { accessToken };
  }
}
