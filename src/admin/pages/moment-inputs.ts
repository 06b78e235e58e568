import { type PageContext, readIsoDate, typed, type ViewContext } from '../../http/index.js';

const HOUR_MS = 3_600_000;
/** The spans of time that are offered as links, by the end of their key in the messages. */
const SPANS = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS, '30d': 30 * 24 * HOUR_MS };
type Span = keyof typeof SPANS;

/** What `datetime-local` takes: `2026-11-23T07:54`, with seconds only if there are any. In UTC, as the labels say. */
function localText(date: Date): string {
  const iso = date.toISOString();
  return iso.slice(17, 19) === '00' ? iso.slice(0, 16) : iso.slice(0, 19);
}

/**
 * The values of `admin/moment`: an input of the browser's own for a date and a time. Browsers empty it when its value is
 * no date, so what was mistyped is shown in a text field instead.
 */
export function momentInput(text: string): ViewContext {
  const date = readIsoDate(text.trim());
  if (text !== '' && !date) return { value: text, isMistyped: true };
  return { value: date ? localText(date) : '', hasSeconds: date !== null && date.getUTCSeconds() !== 0 };
}

/** The inputs `from` and `to` of a page, and links to spans that end now and keep its other filters. */
export function periodInputs(
  context: PageContext,
  shown: { from?: string; to?: string } = {},
  changed: (span: Span) => Record<string, string> = () => ({}),
): ViewContext {
  const { path, request, text } = context;
  return {
    from: momentInput(shown.from ?? typed(context, 'from', 200)),
    to: momentInput(shown.to ?? typed(context, 'to', 200)),
    spans: (Object.keys(SPANS) as Span[]).map((span) => {
      const query = new URLSearchParams(request.originalUrl.split('?')[1] ?? '');
      for (const replaced of ['to', 'after', 'before']) query.delete(replaced);
      query.set('from', localText(new Date(Math.floor((Date.now() - SPANS[span]) / 60_000) * 60_000)));
      for (const [name, value] of Object.entries(changed(span))) query.set(name, value);
      return { label: text(`admin.last.${span}`), path: `${path}?${query}` };
    }),
  };
}

/** The input `until` of a form, with the times that browsers suggest for it. */
export function untilInput(context: PageContext): ViewContext {
  return {
    ...momentInput(typed(context, 'until', 200)),
    earliest: localText(new Date()),
    suggested: (Object.keys(SPANS) as Span[]).map((span) => ({
      label: context.text(`admin.for.${span}`),
      value: localText(new Date(Math.ceil((Date.now() + SPANS[span]) / 60_000) * 60_000)),
    })),
  };
}
