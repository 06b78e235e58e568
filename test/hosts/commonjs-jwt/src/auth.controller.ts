import { Body, Controller, HttpCode, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import { IsEmail, IsString } from 'class-validator';
import type { Request, Response } from 'express';
import { TwoFactorService } from 'nest-sms-otp/two-factor';
import { Public } from './public.decorator';
import { UsersService } from './users.service';

class SignInDto {
  @IsEmail()
  email!: string;

  @IsString()
  password!: string;
}

@Controller('auth')
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly twoFactor: TwoFactorService,
  ) {}

  /** The password is checked as before. `twoFactor.signIn` is new: it issues the token. */
  @Public()
  @Post('login')
  @HttpCode(200)
  async login(
    @Body() { email, password }: SignInDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const user = this.users.authenticate(email, password);
    if (!user) throw new UnauthorizedException();
    const { assurance, accessToken } = await this.twoFactor.signIn(request, response, user.id);
    return { userId: user.id, secondFactorPending: assurance.pending, accessToken };
  }
}
