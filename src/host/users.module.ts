import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PasswordHashes } from './passwords/password-hashes.js';
import { SessionRepository } from './sessions/session.repository.js';
import { User } from './user.entity.js';
import { Users } from './users.service.js';

/** Users, their passwords and their sessions. */
@Module({
  imports: [TypeOrmModule.forFeature([User])],
  providers: [Users, PasswordHashes, SessionRepository],
  exports: [Users, PasswordHashes, SessionRepository],
})
export class UsersModule {}
