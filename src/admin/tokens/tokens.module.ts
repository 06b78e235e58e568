import { Module } from '@nestjs/common';
import { TokensController } from './tokens.controller.js';
import { TokenRevokedPage, TokensPage } from './tokens.page.js';

/** Making and revoking API tokens. */
@Module({
  controllers: [TokensController],
  providers: [TokensPage, TokenRevokedPage],
})
export class TokensModule {}
