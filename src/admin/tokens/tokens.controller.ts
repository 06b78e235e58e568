import { Body, Controller, Get, HttpCode, Param, Post, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { isUUID } from 'class-validator';
import { BODIES, FormTargets, InputPipe, notAPage, Page } from '../../http/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { ApiTokens, type TokenRecord } from '../access/api-tokens.service.js';
import { UserNames } from '../access/user-names.js';
import { adminProblem, ApiAdminProblems } from '../admin.problems.js';
import { ReasonDto } from '../reason.dto.js';
import { CreatedTokenResource, CreateTokenDto, TokenResource, TokensResource } from './tokens.dto.js';
import { TokenRevokedPage, TokensPage } from './tokens.page.js';

const tokenResource = (token: TokenRecord, authorName: string | null): TokenResource => ({
  id: token.id,
  name: token.name,
  scopes: [...token.scopes],
  author: token.author,
  authorName,
  parentId: token.parentId,
  createdAt: token.createdAt.toISOString(),
  expiresAt: token.expiresAt?.toISOString() ?? null,
  lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  revokedAt: token.revokedAt?.toISOString() ?? null,
});

/** What programs show instead of a session. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('tokens'))
@Controller('tokens')
export class TokensController {
  constructor(
    private readonly tokens: ApiTokens,
    private readonly paths: AdminPaths,
    private readonly names: UserNames,
  ) {}

  @Get()
  @NeedsScope('tokens:write')
  @Page(TokensPage)
  @ApiOperation({ summary: 'API tokens, newest first' })
  @ApiOkResponse({ type: TokensResource })
  @ApiAdminProblems()
  async list(): Promise<TokensResource> {
    const tokens = await this.tokens.list();
    const nameOf = await this.names.ofActors(tokens.map(({ author }) => author));
    return { tokens: tokens.map((token) => tokenResource(token, nameOf(token.author))) };
  }

  @Post()
  @HttpCode(200)
  @Act('create-token', '/tokens')
  @NeedsScope('tokens:write')
  @Page(TokensPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({
    summary: 'Make a token; shown this once',
    description:
      'Made with a token, the new one has no scope that the maker lacks, expires with the maker at the latest, and stops working when the maker is revoked.',
  })
  @ApiOkResponse({ type: CreatedTokenResource })
  @ApiAdminProblems()
  async create(@CurrentActor() actor: Actor, @Body() body: CreateTokenDto): Promise<CreatedTokenResource> {
    const { token, record } = await this.tokens.create(actor, body);
    return { ...tokenResource(record, await this.nameOf(record.author)), token };
  }

  @FormTargets(':id/revoke')
  @NeedsScope('tokens:write')
  formTargets(): never {
    throw notAPage(this.paths.at('/tokens'));
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @Act('revoke-token', '/tokens')
  @NeedsScope('tokens:write')
  @Page(TokenRevokedPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Revoke a token and all tokens that were made with it' })
  @ApiOkResponse({ type: TokenResource })
  @ApiAdminProblems('unknown-entry')
  async revoke(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<TokenResource> {
    const revoked = isUUID(id) ? await this.tokens.revoke(actor, id, reason) : null;
    if (!revoked) throw adminProblem('unknown-entry');
    return tokenResource(revoked, await this.nameOf(revoked.author));
  }

  private async nameOf(author: Actor): Promise<string | null> {
    return (await this.names.ofActors([author]))(author);
  }
}
