import { ApiProperty } from '@nestjs/swagger';
import { FactorResource } from '../challenge/challenge.resources.js';
import { TrustedBrowserResource } from '../trusted-browsers/trusted-browser.resource.js';

/** A user's factors, recovery codes and trusted browsers. */
export class SettingsResource {
  @ApiProperty({ type: [FactorResource] })
  factors!: FactorResource[];

  @ApiProperty()
  recoveryCodesLeft!: number;

  @ApiProperty({ type: [TrustedBrowserResource] })
  trustedBrowsers!: TrustedBrowserResource[];
}
