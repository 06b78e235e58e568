import { Logger, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BackgroundWork } from '../../background/background-work.js';
import { SessionRepository } from './session.repository.js';

const REMOVE_EXPIRED_EVERY_MS = 15 * 60 * 1000;

@Module({ providers: [SessionRepository], exports: [SessionRepository] })
export class SessionsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly work: BackgroundWork;

  constructor(sessions: SessionRepository) {
    this.work = new BackgroundWork(new Logger('Sessions'), REMOVE_EXPIRED_EVERY_MS, () =>
      sessions.removeExpired(),
    );
  }

  onApplicationBootstrap(): void {
    this.work.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.work.stop();
  }
}
