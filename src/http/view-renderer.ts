import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Handlebars from 'handlebars';
import { Messages, type MessageParameters } from './messages.js';

/** What a template may see: text, numbers, flags and lists of such; never an object with behaviour. */
export type ViewValue = string | number | boolean | null | undefined | ViewContext | readonly ViewContext[];
export interface ViewContext {
  readonly [name: string]: ViewValue;
}

/** A page to render: the template and what it shows. */
export interface View {
  name: string;
  context: ViewContext;
}

/** Sends the browser on by 303, so that a reload repeats nothing. */
export interface Redirect {
  /** A path of our own origin; see {@link safePath} for what comes from outside. */
  redirectTo: string;
}

/** Turns views into HTML. An abstract class, so that a host can bring its own engine. */
export abstract class ViewRenderer {
  abstract render(view: View, locale: string): string;
  /** Languages that pages come in, the default first. */
  abstract readonly locales: readonly string[];
  abstract text(locale: string, key: string, parameters?: MessageParameters): string;
}

export interface HandlebarsRendererOptions {
  /** Searched last to first: a file in a later directory replaces the one of the same name before it. */
  viewDirectories: readonly string[];
  messageDirectories: readonly string[];
}

const LAYOUT = 'layout';
const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ku|ps|sd|ug|ur|yi)\b/;

/** Handlebars with one layout, partials under `partials/` and the message catalogue as the helper `t`. Compiled once. */
export class HandlebarsRenderer extends ViewRenderer {
  private readonly handlebars = Handlebars.create();
  private readonly templates = new Map<string, Handlebars.TemplateDelegate>();
  private readonly messages: Messages;

  constructor({ viewDirectories, messageDirectories }: HandlebarsRendererOptions) {
    super();
    this.messages = new Messages(messageDirectories);
    this.registerHelpers();
    for (const directory of viewDirectories) this.load(directory);
  }

  get locales(): readonly string[] {
    return this.messages.locales;
  }

  text(locale: string, key: string, parameters?: MessageParameters): string {
    return this.messages.text(locale, key, parameters);
  }

  render({ name, context }: View, locale: string): string {
    const page = { ...context, locale, direction: RIGHT_TO_LEFT.test(locale) ? 'rtl' : 'ltr' };
    const body = this.template(name)(page);
    return this.template(LAYOUT)({ ...page, body });
  }

  private template(name: string): Handlebars.TemplateDelegate {
    const template = this.templates.get(name);
    if (!template) throw new Error(`there is no view "${name}"`);
    return template;
  }

  private load(directory: string): void {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.hbs')) continue;
      const file = join(entry.parentPath, entry.name);
      const name = relative(directory, file).replaceAll('\\', '/').slice(0, -'.hbs'.length);
      const source = readFileSync(file, 'utf8');
      if (name.startsWith('partials/'))
        this.handlebars.registerPartial(name.slice('partials/'.length), source);
      else this.templates.set(name, this.handlebars.compile(source));
    }
  }

  private registerHelpers(): void {
    // {{t "code.title" count=attempts}}: words of the page's language.
    this.handlebars.registerHelper('t', (key: string, options: Handlebars.HelperOptions) => {
      const { locale } = (options.data as { root: { locale: string } }).root;
      return this.messages.text(locale, key, options.hash as MessageParameters);
    });
    this.handlebars.registerHelper('concat', (...parts: unknown[]) => parts.slice(0, -1).join(''));
  }
}
