/** A page of a list, newest first. */
export interface ListPage<Item> {
  items: Item[];
  hasOlder: boolean;
  hasNewer: boolean;
}

/** Where a page begins: behind (`after`) or before (`before`) an item; neither for the first page. */
export interface Cursor<Key = string> {
  after?: Key;
  before?: Key;
}

/** Items on a page. */
export const PAGE_SIZE = 50;

/**
 * Makes a page of rows that were read in the direction of the cursor.
 * @param rows one more than `size` where there is another page
 */
export function toPage<Item>(
  rows: Item[],
  { after, before }: Cursor<unknown>,
  size = PAGE_SIZE,
): ListPage<Item> {
  const items = rows.slice(0, size);
  const hasMore = rows.length > size;
  if (before === undefined) return { items, hasOlder: hasMore, hasNewer: after !== undefined };
  return { items: items.reverse(), hasOlder: true, hasNewer: hasMore };
}

/** The addresses of the pages around a page, which keep its filters. */
export function pageLinks<Item>(
  path: string,
  filters: Record<string, string | undefined>,
  { items, hasOlder, hasNewer }: ListPage<Item>,
  keyOf: (item: Item) => string,
): { next: string | null; previous: string | null } {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const link = (cursor: 'after' | 'before', item: Item) =>
    `${path}?${new URLSearchParams([...given, [cursor, keyOf(item)]])}`;
  return {
    next: hasOlder && items.length > 0 ? link('after', items.at(-1)!) : null,
    previous: hasNewer && items.length > 0 ? link('before', items[0]!) : null,
  };
}
