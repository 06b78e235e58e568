import type { Type } from '@nestjs/common';
import { MisuseError } from './misuse-error.js';

/** @throws MisuseError when an application has imported one of these modules with `forRoot` more than once */
export function requireImportedOnce(modules: readonly Type[]): void {
  for (const module of new Set(modules)) {
    const imports = modules.filter((each) => each === module).length;
    if (imports > 1)
      throw new MisuseError(
        `${module.name}.forRoot() is imported ${imports} times. Import it once, in the root module: it is global.`,
      );
  }
}
