import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { Landmark, Page } from '../../http/index.js';
import { ForEnrolment, SignedIn } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { TWO_FACTOR } from '../session/two-factor-paths.js';
import { ApiProblems } from '../two-factor.problems.js';
import { SettingsPage } from './settings.pages.js';
import { SettingsResource } from './settings.resource.js';
import { SettingsService } from './settings.service.js';

/** Shows a user's factors. The controllers of each method change them. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@SignedInRoutes()
@Controller(TWO_FACTOR)
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get('settings')
  @Landmark(TWO_FACTOR)
  @Page(SettingsPage)
  @ApiOperation({ summary: 'The user’s factors, recovery codes and trusted browsers' })
  @ApiOkResponse({ type: SettingsResource })
  @ApiProblems('sign-in-required', 'second-factor-required')
  show(@SignedIn() { userId }: SignedInCaller): Promise<SettingsResource> {
    return this.settings.of(userId);
  }
}
