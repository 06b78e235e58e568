import { ApiProperty } from '../../openapi/decorators.js';
import { FactorResource, MASKED_ACCOUNT } from '../challenge/challenge.resources.js';
import { TrustedBrowserResource } from '../trusted-browsers/trusted-browser.resource.js';

/** A user's factors, recovery codes and trusted browsers. */
export class SettingsResource {
  @ApiProperty(MASKED_ACCOUNT)
  account!: string | null;

  @ApiProperty({ type: [FactorResource] })
  factors!: FactorResource[];

  @ApiProperty()
  recoveryCodesLeft!: number;

  @ApiProperty({ type: [TrustedBrowserResource] })
  trustedBrowsers!: TrustedBrowserResource[];
}
