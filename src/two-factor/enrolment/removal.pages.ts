import { Injectable } from '@nestjs/common';
import { ApiProperty } from '../../openapi/decorators.js';
import { type PageContext, PageView, type Problem, type Redirect, type View } from '../../http/index.js';

/** What can be removed in the settings. */
export const REMOVABLE = ['passkey', 'phone', 'authenticator', 'browser', 'browsers'] as const;
export type Removable = (typeof REMOVABLE)[number];

/** What a removal would take away. */
export class RemovalResource {
  @ApiProperty({ enum: REMOVABLE })
  what!: Removable;

  @ApiProperty({ description: 'Its name, and the masked number of a phone. Empty for several things.' })
  name!: string;

  @ApiProperty({ description: 'Without it, the password alone would protect the account.' })
  isLastFactor!: boolean;
}

/** Names what goes and asks before it does. */
@Injectable()
export class RemovalPage extends PageView<RemovalResource> {
  success({ what, name, isLastFactor }: RemovalResource, context: PageContext): View {
    const { base, path, text } = context;
    const isFactor = what !== 'browser' && what !== 'browsers';
    return {
      name: 'two-factor/remove',
      context: {
        title: text(`remove.${what}.title`),
        name,
        consequence: text(isFactor ? 'remove.factor' : 'remove.trust'),
        isLastFactor,
        removePath: path,
        base,
      },
    };
  }

  /** It is gone already: Back, or a second tab. */
  failure(_problem: Problem, { base }: PageContext): Redirect {
    return { redirectTo: `${base}/settings` };
  }
}
