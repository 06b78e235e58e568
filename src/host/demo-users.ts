import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HOST_OPTIONS, type HostOptions } from './host.options.js';
import { Users } from './users.service.js';

export const DEMO_PASSWORD = 'correct horse battery staple';
export const DEMO_USERS = [
  { email: 'demo@example.com', role: 'user' },
  { email: 'admin@example.com', role: 'admin' },
] as const;

/** For a newcomer's own machine: everybody can read this password. */
@Injectable()
export class DemoUsers implements OnApplicationBootstrap {
  constructor(
    private readonly users: Users,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.options.demoUsers) return;
    for (const { email, role } of DEMO_USERS) await this.users.create(email, DEMO_PASSWORD, role);
  }
}
