import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { isUUID } from 'class-validator';
import { type EntityManager, In, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { isEmailAddress, normaliseEmail } from './email-address.js';
import { PasswordHashes } from './passwords/password-hashes.js';
import { type Role, User } from './user.entity.js';

/** Creates, finds and authenticates users. */
@Injectable()
export class Users {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly hashes: PasswordHashes,
  ) {}

  /** @returns null if the address is taken */
  async create(email: string, password: string, role: Role = 'user'): Promise<User | null> {
    const passwordHash = await this.hashes.hash(password);
    return this.insert(this.users.manager, normaliseEmail(email), passwordHash, role);
  }

  /** Inserts a user within a transaction. @returns null if the address is taken */
  async insert(sql: EntityManager, email: string, passwordHash: string, role: Role = 'user') {
    const id = uuidv7();
    const inserted = await sql
      .createQueryBuilder()
      .insert()
      .into(User)
      .values({ id, email, passwordHash, role })
      .orIgnore()
      .returning('id')
      .execute();
    return (inserted.raw as unknown[]).length > 0 ? sql.findOneBy(User, { id }) : null;
  }

  /** @returns null for an unknown address and for a wrong password, after the same time */
  async authenticate(email: string, password: string): Promise<User | null> {
    const user = await this.findByEmail(email);
    const isMatch = await this.hashes.verify(user?.passwordHash ?? null, password);
    return isMatch ? user : null;
  }

  /** Whether the password is still the one that the user was read with. */
  hasPassword({ id, passwordHash }: User): Promise<boolean> {
    return this.users.existsBy({ id, passwordHash });
  }

  /** Remembers the language in which the user reads our pages. */
  async rememberLocale({ id, locale: known }: User, locale: string | undefined): Promise<void> {
    if (locale && locale !== known) await this.users.update({ id }, { locale });
  }

  find(id: string): Promise<User | null> {
    return this.users.findOneBy({ id });
  }

  findByEmail(email: string): Promise<User | null> {
    const normalised = normaliseEmail(email);
    // Postgres would reject some malformed addresses.
    return isEmailAddress(normalised) ? this.users.findOneBy({ email: normalised }) : Promise.resolve(null);
  }

  /** The addresses of these users by their ids. */
  async emailsOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    // Ids of other kinds are in the history too; Postgres would reject them.
    const users = await this.users.find({
      select: { id: true, email: true },
      where: { id: In(ids.filter((id) => isUUID(id))) },
    });
    return new Map(users.map(({ id, email }) => [id, email]));
  }

  all(): Promise<User[]> {
    return this.users.find({ order: { email: 'ASC' }, take: 100 });
  }
}
