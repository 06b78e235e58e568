import { Injectable } from '@nestjs/common';
import { MountedPaths } from '../../http/index.js';

/** The path of the module's routes, and the name of their landmark. */
export const ADMIN = 'admin';

/** Where the administration is, for links. */
@Injectable()
export class AdminPaths {
  constructor(private readonly paths: MountedPaths) {}

  /** @param rest what follows the path of the module: `/verifications`, or nothing for its front door */
  at(rest = ''): string {
    return this.paths.of(ADMIN) + rest;
  }
}
