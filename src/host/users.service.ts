import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { hash, verify } from '../crypto/slow-hash.js';
import { Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type Role, User } from './user.entity.js';

const normalise = (email: string) => email.trim().toLowerCase();

@Injectable()
export class Users {
  /** Compared with when there is nobody: an unknown address takes as long as a wrong password. */
  private readonly decoy = hash(randomBytes(16).toString('base64url'));

  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** @returns null when the address is taken */
  async create(email: string, password: string, role: Role = 'user'): Promise<User | null> {
    const user = { id: uuidv7(), email: normalise(email), passwordHash: await hash(password), role };
    const inserted = await this.users
      .createQueryBuilder()
      .insert()
      .values(user)
      .orIgnore()
      .returning('id')
      .execute();
    return (inserted.raw as unknown[]).length > 0 ? this.find(user.id) : null;
  }

  /** @returns null for an unknown address and for a wrong password alike */
  async authenticate(email: string, password: string): Promise<User | null> {
    const user = await this.users.findOneBy({ email: normalise(email) });
    const isRight = await verify(user?.passwordHash ?? (await this.decoy), password);
    return user && isRight ? user : null;
  }

  find(id: string): Promise<User | null> {
    return this.users.findOneBy({ id });
  }

  all(): Promise<User[]> {
    return this.users.find({ order: { email: 'ASC' }, take: 100 });
  }
}
