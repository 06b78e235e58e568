import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const page = readFileSync('docs/architecture.md', 'utf8');

/** The Mermaid block that follows a heading of docs/architecture.md. */
function diagramUnder(heading: string): string {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`));
  const diagram = /```mermaid\n([\s\S]+?)```/.exec(section);
  if (!diagram) throw new Error(`docs/architecture.md has no Mermaid diagram under "${heading}"`);
  return diagram[1]!;
}

const sourceFiles = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => join('src', file));

/** The files of ours that a file imports or exports from. */
function importsOf(file: string): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport\(|^import) *'(\.[^']+)\.js'/gm);
  return [...statements].map(([, path]) => normalize(join(dirname(file), `${path}.ts`)));
}

/** `src/http/page.ts` belongs to `http`, `src/main.ts` to `app`, `migrations/…` to `migrations`. */
function folderOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] !== 'src') return parts[0]!;
  return parts.length > 2 ? parts[1]! : 'app';
}

function edgesOfTheCode(): Map<string, string> {
  const edges = new Map<string, string>();
  for (const file of sourceFiles)
    for (const imported of importsOf(file)) {
      const [from, to] = [folderOf(file), folderOf(imported)];
      if (from !== to) edges.set(`${from} --> ${to}`, `${file} imports ${imported}`);
    }
  return edges;
}

describe('docs/architecture.md', () => {
  const drawn = [
    ...diagramUnder('Folders and what they import').matchAll(/^ *(\w[\w-]*) --> (.+)$/gm),
  ].flatMap(([, from, targets]) => targets!.split(' & ').map((to) => `${from} --> ${to.trim()}`));

  it('draws every import between two folders of src', () => {
    const missing = [...edgesOfTheCode()].filter(([edge]) => !drawn.includes(edge));
    expect(missing.map(([edge, example]) => `add "${edge}" to the diagram: ${example}`)).toEqual([]);
  });

  it('draws no import between two folders that the code does not have', () => {
    const inTheCode = edgesOfTheCode();
    const superfluous = drawn.filter((edge) => !inTheCode.has(edge));
    expect(superfluous.map((edge) => `remove "${edge}" from the diagram: no file imports so`)).toEqual([]);
  });

  it('draws the path of a typed code along imports that exist', () => {
    const diagram = diagramUnder('The path of a typed code');
    const files = new Map(
      [...diagram.matchAll(/(\w+)\["([^"]+)"\]/g)].map(([, name, file]) => [name!, `src/${file}`]),
    );
    const arrows = [...diagram.matchAll(/^ *(\w+)(?:\["[^"]+"\])? (-->|-\. extended by \.->) (\w+)/gm)];
    expect(arrows.length).toBe(diagram.split('->').length - 1);
    const broken = arrows.flatMap(([arrow, from, kind, to]) => {
      const [tail, head] = [files.get(from!), files.get(to!)];
      if (!tail || !head) return [`"${arrow.trim()}" names an unknown box`];
      const [importing, imported] = kind === '-->' ? [tail, head] : [head, tail];
      return importsOf(importing).includes(imported) ? [] : [`${importing} does not import ${imported}`];
    });
    expect(broken).toEqual([]);
  });
});

describe('lines of the log', () => {
  it('never take an error itself, whose fields and message may quote personal data', () => {
    const lines = sourceFiles.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/logger\.(?:warn|error|log)\([^;]*;/g)].map(([line]) => line),
    );
    expect(lines.length).toBeGreaterThan(30);
    expect(
      lines.filter((line) =>
        /[{(,]\s*(?:error|thrown)\s*[,})]/.test(line.replace(/describe\w+\(\w+\)/g, '')),
      ),
    ).toEqual([]);
  });
});

describe('docs/reading-guide.md', () => {
  it('names only files that exist', () => {
    const guide = readFileSync('docs/reading-guide.md', 'utf8');
    const named = [...guide.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => join('docs', path!));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('the names of suites', () => {
  const suites = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!chaos)-spec\.ts$/.test(file),
  );
  const starting = (supports: RegExp) =>
    suites.filter((file) => supports.test(readFileSync(join('test', file), 'utf8')));

  it('say which ones start a browser or processes of the application: `npm test` leaves those out', () => {
    const browser = starting(/support\/(chromium|application-in-browser)\.js'/);
    expect(browser.filter((file) => !file.endsWith('.browser-spec.ts'))).toEqual([]);
    const processes = starting(/support\/(program|cluster|logged-instance|chaos-world|nginx|pgbouncer)\.js'/);
    expect(processes.filter((file) => !file.endsWith('.processes-spec.ts'))).toEqual([]);
    expect([browser.length, processes.length].every((count) => count > 5)).toBe(true);
  });
});
