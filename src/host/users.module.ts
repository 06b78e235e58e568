import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PasswordHashes } from './passwords/password-hashes.js';
import { User } from './user.entity.js';
import { Users } from './users.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([User])],
  providers: [Users, PasswordHashes],
  exports: [Users, PasswordHashes],
})
export class UsersModule {}
