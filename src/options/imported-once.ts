import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { MisuseError } from './misuse-error.js';

/** @throws MisuseError when an application has imported a module with `forRoot` more than once */
export function requireImportedOnce(modules: ModulesContainer, module: Type): void {
  const imports = [...modules.values()].filter(({ metatype }) => metatype === module).length;
  if (imports > 1)
    throw new MisuseError(
      `${module.name}.forRoot() is imported ${imports} times. Import it once, in the root module: it is global.`,
    );
}
