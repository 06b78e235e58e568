import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The directory with the package's own views, messages and assets. The package resolves itself by its name. */
export const PACKAGE_ROOT = dirname(createRequire(import.meta.url).resolve('nest-sms-otp/package.json'));
