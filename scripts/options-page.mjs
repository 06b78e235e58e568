// `npm run docs:options`: writes docs/options.md from the TSDoc of the options; with --check it fails if the page is old.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import prettier from 'prettier';
import ts from 'typescript';

process.chdir(join(import.meta.dirname, '..'));
const PAGE = 'docs/options.md';
const MODULES = {
  VerificationModule: ['VerificationModuleOptions', 'VerificationModuleExtras'],
  TwoFactorModule: ['TwoFactorModuleOptions', 'TwoFactorModuleExtras'],
  ProtectionModule: ['ProtectionOptions'],
  AdminModule: ['AdminModuleOptions', 'AdminModuleExtras'],
  ExpressSessions: ['ExpressSessionsOptions'],
  JwtSessions: ['JwtSessionsOptions'],
};

const program = ts.createProgram(['src/index.ts'], {
  ...ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8')).config,
    ts.sys,
    '.',
  ).options,
  noEmit: true,
});
const checker = program.getTypeChecker();
const exported = new Map(
  checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile('src/index.ts')))
    .map((symbol) => [
      symbol.name,
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    ]),
);

/** Text of a comment or tag, on one line, with names instead of links to them. */
const oneLine = (parts) =>
  ts
    .displayPartsToString(parts)
    .replace(/\{@link(?:code)? ([^}]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
const cell = (text) => text.replaceAll('|', '\\|');
const code = (text) => (text ? `\`${cell(text.replace(/\s+/g, ' '))}\`` : '');

const literalAsCode = (text) =>
  /^('[^']*'|\[\]|\{\}|[\d.]+|true|false|null|\(.*\) => \w+)$/.test(text) ? code(text) : text;

/** Options that are an object of ours with options of its own are listed with a dot. */
const isGroup = (type) =>
  type && (ts.isTypeLiteralNode(type) || /^(Partial<)?\w+(Options|Policy)\b/.test(type.getText()));

function rowsOf(type, prefix = '') {
  return type.getProperties().flatMap((property) => {
    const [declaration] = property.declarations;
    const written = ts.isPropertySignature(declaration) ? declaration.type : undefined;
    const name = prefix + property.name;
    const tag = property.getJsDocTags(checker).find((each) => each.name === 'default');
    const isOptional = Boolean(property.flags & ts.SymbolFlags.Optional);
    const fallback = tag ? literalAsCode(oneLine(tag.text)) : isOptional ? '' : 'required';
    const description = oneLine(property.getDocumentationComment(checker));
    const inner = isGroup(written)
      ? checker.getNonNullableType(checker.getTypeOfSymbol(property))
      : undefined;
    const shown = inner ? '' : code(written?.getText() ?? 'function');
    return [
      `| \`${name}\` | ${shown} | ${cell(fallback)} | ${cell(description)} |`,
      ...(inner ? rowsOf(inner, `${name}.`) : []),
    ];
  });
}

const sections = Object.entries(MODULES).map(([module, interfaces]) => {
  const rows = interfaces.flatMap((name) => {
    const symbol = exported.get(name);
    if (!symbol) throw new Error(`src/index.ts does not export ${name}`);
    return rowsOf(checker.getDeclaredTypeOfSymbol(symbol));
  });
  return `## ${module}\n\n| option | type | default | |\n| - | - | - | - |\n${rows.join('\n')}\n`;
});
const text = `# Options\n\n<!-- Written by \`npm run docs:options\` from the TSDoc of the options. -->\n\nThe options of each module's \`forRoot\`, which \`forRootAsync\` takes too. Wrong ones are refused by name when the application\nstarts. [library.md](library.md) explains how they are used.\n\n${sections.join('\n')}`;
const page = await prettier.format(text, { ...(await prettier.resolveConfig(PAGE)), filepath: PAGE });

if (process.argv.includes('--check')) {
  if (readFileSync(PAGE, 'utf8') === page) process.exit();
  process.stderr.write(`${PAGE} differs from the TSDoc of the options: npm run docs:options\n`);
  process.exit(1);
}
writeFileSync(PAGE, page);
