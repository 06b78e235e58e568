import { Inject, Injectable } from '@nestjs/common';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';

/** How pages and responses name the account that is signed in. */
@Injectable()
export class AccountNames {
  constructor(@Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions) {}

  /** The user's name, masked because others may see the screen. Null where the host gives no `accountName`. */
  async maskedNameOf(userId: string): Promise<string | null> {
    const name = await this.options.accountName(userId);
    return name === userId ? null : maskName(name);
  }
}

/** `ada@example.com` becomes `a•••@example.com`, and any other name its first letter. The dots do not tell its length. */
export function maskName(name: string): string {
  const at = name.lastIndexOf('@');
  const [first = ''] = name.slice(0, at === -1 ? undefined : at);
  return `${first}•••${at === -1 ? '' : name.slice(at)}`;
}
