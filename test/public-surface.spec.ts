import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..');
const { entries } = JSON.parse(readFileSync(join(ROOT, 'package.library.json'), 'utf8')) as {
  entries: Record<string, string>;
};

/** A name that an entry of the package exports, and what hosts can do with it. */
const describeExport = (symbol: ts.Symbol, checker: ts.TypeChecker): string => {
  const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  if (flags & ts.SymbolFlags.Class) return `class ${symbol.name}`;
  if (flags & ts.SymbolFlags.Function) return `function ${symbol.name}`;
  return flags & ts.SymbolFlags.Value ? `const ${symbol.name}` : `type ${symbol.name}`;
};

describe('the public surface of the package', () => {
  const files = Object.values(entries).map((entry) => join(ROOT, `${entry}.ts`));
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const checker = program.getTypeChecker();

  it.each(Object.entries(entries))('%s exports this, and nothing else', (_entry, path) => {
    const file = checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, `${path}.ts`))!);
    const names = checker.getExportsOfModule(file!).map((symbol) => describeExport(symbol, checker));
    expect(names.sort().join('\n')).toMatchSnapshot();
  });
});
