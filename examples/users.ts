import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

/** Stands for what your application has already: people with passwords. In memory, to be short. */
@Injectable()
export class Users {
  private readonly byEmail = new Map<string, { id: string; passwordHash: string }>();
  /** Compared with when there is nobody: an unknown address takes as long as a wrong password. */
  private readonly decoy = hash(randomUUID());

  /** @returns the new user's id */
  async add(email: string, password: string): Promise<string> {
    const id = randomUUID();
    this.byEmail.set(email, { id, passwordHash: await hash(password) });
    return id;
  }

  /** @returns the user's id; null for an unknown address and a wrong password alike */
  async authenticate(email: unknown, password: unknown): Promise<string | null> {
    const user = this.byEmail.get(String(email));
    const isRight = await verify(user?.passwordHash ?? (await this.decoy), String(password));
    return user && isRight ? user.id : null;
  }
}
