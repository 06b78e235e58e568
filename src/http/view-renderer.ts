import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Handlebars from 'handlebars';
import type { BrandOptions } from './brand.js';
import { Messages, type MessageParameters } from './messages.js';

/** The values that a template can use: text, numbers, flags and lists of them; never objects with methods. */
export type ViewValue = string | number | boolean | null | undefined | ViewContext | readonly ViewContext[];

/** The named values of a template. */
export interface ViewContext {
  readonly [name: string]: ViewValue;
}

/** A page to render: the name of its template and its values. */
export interface View {
  name: string;
  context: ViewContext;
  /** Where a GET shows this page, as a path of our origin. A form that a browser posts is answered with a redirect there. */
  address?: string;
  /**
   * Only this response can show it. After the redirect it is shown at the address once; a reload shows what is there, and so
   * would another language.
   */
  once?: boolean;
}

/** Sends the browser to another page (303), so that a reload does not repeat the request. */
export interface Redirect {
  /** A path on our own origin. Pass untrusted paths through {@link safePath} first. */
  redirectTo: string;
  /** What the other page says on top, once. */
  notice?: string;
  /** Posts the same form there (307) instead of opening the page. */
  postsAgain?: boolean;
}

/** Renders views as HTML. An abstract class, so that a host can provide its own engine. */
export abstract class ViewRenderer {
  /** A view as HTML. */
  abstract render(view: View, locale: string): string;
  /** The available languages, the default first. */
  abstract readonly locales: readonly string[];
  /** A message in a language. @param parameters the values of its placeholders */
  abstract text(locale: string, key: string, parameters?: MessageParameters): string;
}

interface HandlebarsRendererOptions {
  /** A file in a later directory replaces the one with the same name in an earlier one. */
  viewDirectories: readonly string[];
  messageDirectories: readonly string[];
  languages: readonly string[] | undefined;
  /** Whether codes are sent by the page with their last digit. */
  autoSubmit: boolean;
  /** Where a file of ours is, such as `otp.css`. */
  assetPath: (name: string) => string;
  /** Where the brand in the header leads. */
  homePath: () => string;
  /** What the menu of languages posts to. */
  languagePath: () => string;
  brand: BrandOptions;
}

const LAYOUT = 'layout';
/** `Intl.Locale` offers the direction in newer versions of Node only. */
const RIGHT_TO_LEFT_LANGUAGES = ['ar', 'dv', 'fa', 'he', 'ku', 'ps', 'sd', 'ug', 'ur', 'yi'];

const directionOf = (locale: string) =>
  RIGHT_TO_LEFT_LANGUAGES.includes(new Intl.Locale(locale).language) ? 'rtl' : 'ltr';

const names = new Map<string, string>();
/** A language as its speakers call it: `Deutsch`, `日本語`. */
function nameOf(locale: string): string {
  const name =
    names.get(locale) ?? new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  names.set(locale, name);
  return name;
}

/** Renders Handlebars templates with one layout, the partials under `partials/` and the message helper `t`. */
export class HandlebarsRenderer extends ViewRenderer {
  private readonly handlebars = Handlebars.create();
  private readonly templates = new Map<string, Handlebars.TemplateDelegate>();
  private readonly messages: Messages;
  readonly locales: readonly string[];
  private readonly shell: () => ViewContext;

  constructor(options: HandlebarsRendererOptions) {
    super();
    const { viewDirectories, messageDirectories, autoSubmit, assetPath, homePath, languagePath, brand } =
      options;
    this.messages = new Messages(messageDirectories);
    this.locales = options.languages ?? this.messages.locales;
    const unknown = this.locales.find((locale) => !this.messages.locales.includes(locale));
    if (unknown !== undefined) throw new TypeError(`pages.languages: there are no messages in ${unknown}`);
    this.registerHelpers(assetPath);
    const { name = '', logoUrl } = brand;
    // The path is known once the routes are.
    this.shell = () => ({
      brand: { name, logoUrl, initial: [...name][0] },
      homePath: homePath(),
      languagePath: languagePath(),
      autoSubmit,
    });
    for (const directory of viewDirectories) this.load(directory);
  }

  text(locale: string, key: string, parameters?: MessageParameters): string {
    return this.messages.text(locale, key, parameters);
  }

  render({ name, context }: View, locale: string): string {
    const languages = this.locales.map((code) => ({ code, name: nameOf(code), selected: code === locale }));
    const page = { ...this.shell(), languages, ...context, locale, direction: directionOf(locale) };
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

  private registerHelpers(assetPath: (name: string) => string): void {
    // {{t "code.title" count=attempts}} is a message in the page's language.
    this.handlebars.registerHelper('t', (key: string, options: Handlebars.HelperOptions) => {
      const { locale } = (options.data as { root: { locale: string } }).root;
      return this.messages.text(locale, key, options.hash as MessageParameters);
    });
    this.handlebars.registerHelper('asset', assetPath);
    // <a href="/admin/blocks"{{current "/admin/blocks"}}> marks the link to the page that is shown, or to the list it is from.
    this.handlebars.registerHelper('current', (href: string, options: Handlebars.HelperOptions) => {
      const { path } = (options.data as { root: { path?: string } }).root;
      const isHere = path === href || path?.startsWith(`${href}/`);
      return isHere ? new Handlebars.SafeString(' aria-current="page"') : '';
    });
    this.handlebars.registerHelper('concat', (...parts: unknown[]) => parts.slice(0, -1).join(''));
  }
}
