import { Inject, Injectable, Logger } from '@nestjs/common';
import { describeError } from '../../diagnostics/index.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';

const USER = 'user:';

/** What the host calls its users. */
@Injectable()
export class UserNames {
  private readonly logger = new Logger(UserNames.name);

  constructor(@Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions) {}

  /** The names of these users; those that are unknown are left out. Without names the lists are still of use. */
  async of(userIds: readonly (string | null)[]): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(userIds.filter((id): id is string => id !== null))];
    if (ids.length === 0) return new Map();
    try {
      return await this.options.nameOf(ids);
    } catch (error) {
      this.logger.error(describeError(error), 'users are shown by their ids: nameOf failed');
      return new Map();
    }
  }

  /** The names of those among these actors (`user:<id>`) that are users. */
  async ofActors(actors: readonly string[]): Promise<(actor: string) => string | null> {
    const names = await this.of(actors.filter(isUser).map(idOf));
    return (actor) => (isUser(actor) && names.get(idOf(actor))) || null;
  }
}

const isUser = (actor: string) => actor.startsWith(USER);
const idOf = (actor: string) => actor.slice(USER.length);
