import type { ThrottlerStorage } from '@nestjs/throttler';
import type { AdminModuleOptions } from '../admin/index.js';
import type { Mailer } from './mail/mailer.js';
import type { SessionOptions } from './sessions/session.store.js';
import type { PostThrottleOptions } from '../two-factor/index.js';

export interface HostOptions {
  /**
   * What to do about the users whose password is in the README: `create` them, for a newcomer's own machine; `refuse` to
   * start while they have that password; or `ignore` them.
   */
  demoUsers: 'create' | 'refuse' | 'ignore';
  /** Whether there is a page with every component of the pages: beside the sandbox only. */
  showsComponents: boolean;
  /** Where e-mails go and what their links begin with; null where none can be sent. */
  mail: HostMail | null;
  /** What the addresses in counts of wrong passwords are hashed with. With another key the counts begin again. */
  accountKey: Buffer;
  /** How often an address may try to sign in or up; null for no limit. */
  signIns: { limit: number; windowSeconds: number } | null;
  /** Where they are counted. */
  throttlerStorage: ThrottlerStorage;
  /** How often people who are signed in may post. */
  posts: PostThrottleOptions;
  sessions: SessionOptions;
  /** How long a session lasts after sign-in, however busy it is. */
  sessionLifetimeSeconds: number;
  /** Besides who is one, which the users' roles say. */
  admin: Omit<AdminModuleOptions, 'isAdmin' | 'nameOf'>;
}

export interface HostMail {
  mailer: Mailer;
  /** The address at which people reach the application. Never taken from a request: its Host header is the caller's. */
  publicUrl: () => string;
}

export const HOST_OPTIONS = Symbol('HOST_OPTIONS');
