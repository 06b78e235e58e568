import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Loads an optional peer of ours.
 * @returns null when the application has not installed it
 */
export function optionalPackage<T>(name: string): T | null {
  return isInstalled(name) ? (require(name) as T) : null;
}

/**
 * Says what to install, before an optional peer is loaded.
 * @param neededBy the option that cannot do without it
 * @throws Error when it is not installed
 */
export function assertInstalled(name: string, neededBy: string): void {
  if (!isInstalled(name)) throw new Error(`${neededBy} needs the package ${name}: npm install ${name}`);
}
