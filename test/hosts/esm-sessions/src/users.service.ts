import { Injectable } from '@nestjs/common';

/** Stands for the users that the application has. */
@Injectable()
export class UsersService {
  private readonly users = [{ id: 'anna', email: 'anna@example.com', password: 'a password of the tests' }];

  /** @returns null for an unknown address and a wrong password alike */
  authenticate(email: string, password: string): { id: string } | null {
    return this.users.find((user) => user.email === email && user.password === password) ?? null;
  }
}
