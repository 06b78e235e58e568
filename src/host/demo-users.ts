import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HOST_OPTIONS, type HostOptions } from './host.options.js';
import { DEMO_PASSWORD } from './passwords/common-passwords.js';
import { Users } from './users.service.js';

export const DEMO_USERS = [
  { email: 'demo@example.com', role: 'user' },
  { email: 'admin@example.com', role: 'admin' },
] as const;

/** Creates the demo users in development, or refuses to start while they have their public password. */
@Injectable()
export class DemoUsers implements OnApplicationBootstrap {
  constructor(
    private readonly users: Users,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  /** @throws Error that names the unsafe accounts and says what to do */
  async onApplicationBootstrap(): Promise<void> {
    const { demoUsers } = this.options;
    if (demoUsers === 'create') {
      for (const { email, role } of DEMO_USERS) await this.users.create(email, DEMO_PASSWORD, role);
    }
    if (demoUsers === 'refuse') await this.refuse();
  }

  /** Only these users can have the password, because it is on the list of common passwords. */
  private async refuse(): Promise<void> {
    const open: string[] = [];
    for (const { email } of DEMO_USERS)
      if (await this.users.authenticate(email, DEMO_PASSWORD)) open.push(email);
    if (open.length === 0) return;
    throw new Error(
      `These accounts still have the password from the README: ${open.join(', ')}. Anybody could sign in with it.\n` +
        `Give each another one: npm run admin -- set-password ${open[0]} --reason "going live" --yes\n` +
        '(With the embedded database, do so while the application runs without NODE_ENV=production.)',
    );
  }
}
