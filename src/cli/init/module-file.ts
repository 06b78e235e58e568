import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type * as TypeScript from 'typescript';
import { InitError } from './init-error.js';

/**
 * The text of a Nest module that also imports `...otpModules`. It is read with the TypeScript of the application; everything else
 * in it stays as it was written.
 * @throws InitError when the module cannot be read, with the two lines to write by hand
 */
export function withOtpModules(path: string, text: string, importPath: string): string {
  const ts = typescriptOfApplication();
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const importLine = `import { otpModules } from '${importPath}';\n`;
  const byHand = () =>
    new InitError(
      `${path} has no module that can be changed safely. Write by hand:\n\n  ${importLine}  imports: [...otpModules]`,
    );
  const options = moduleOptions(ts, file);
  if (!options) throw byHand();
  const imports = options.properties.find((property) => property.name?.getText() === 'imports');
  let [at, inserted] = [
    options.getStart() + 1,
    `\n  imports: [...otpModules],${options.properties.length > 0 ? '' : '\n'}`,
  ];
  if (imports) {
    if (!ts.isPropertyAssignment(imports) || !ts.isArrayLiteralExpression(imports.initializer))
      throw byHand();
    const { elements } = imports.initializer;
    const last = elements.at(-1);
    if (last) {
      const isOnOwnLine = text.slice(imports.initializer.getStart(), last.getStart()).includes('\n');
      [at, inserted] = [last.getEnd(), isOnOwnLine ? `,\n    ...otpModules` : ', ...otpModules'];
    } else [at, inserted] = [imports.initializer.getStart() + 1, '...otpModules'];
  }
  const afterImports = file.statements.filter(ts.isImportDeclaration).at(-1)?.getEnd() ?? 0;
  const rest = text.slice(afterImports, at).replace(/^\r?\n/, '');
  const head = afterImports === 0 ? '' : `${text.slice(0, afterImports)}\n`;
  return head + importLine + rest + inserted + text.slice(at);
}

/** The object that `@Module({…})` of the file's first module is given. */
function moduleOptions(
  ts: typeof TypeScript,
  file: TypeScript.SourceFile,
): TypeScript.ObjectLiteralExpression | undefined {
  for (const statement of file.statements.filter(ts.isClassDeclaration))
    for (const { expression } of ts.getDecorators(statement) ?? []) {
      if (!ts.isCallExpression(expression) || expression.expression.getText() !== 'Module') continue;
      const [options] = expression.arguments;
      return options && ts.isObjectLiteralExpression(options) ? options : undefined;
    }
  return undefined;
}

function typescriptOfApplication(): typeof TypeScript {
  try {
    return createRequire(resolve('package.json'))('typescript') as typeof TypeScript;
  } catch (error) {
    throw new InitError(
      'TypeScript is not installed here. Run this in the folder of your Nest application.',
      {
        cause: error,
      },
    );
  }
}
