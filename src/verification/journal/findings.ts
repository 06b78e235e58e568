/**
 * What is wrong with a journal. `altered`, `added`, `missing` and `reordered` concern one row, the `seal-…` kinds a seal,
 * and `unrecorded-change` a request whose status does not follow from its events.
 */
export type FindingKind =
  | 'altered'
  | 'added'
  | 'missing'
  | 'reordered'
  | 'request-missing'
  | 'unrecorded-change'
  | 'seal-altered'
  | 'seal-missing'
  | 'seal-differs';

/** One sign that a journal was tampered with. */
export interface JournalFinding {
  kind: FindingKind;
  /** Null in the audit, and for seals. */
  requestId: string | null;
  /** Of the event within its request, of the audit's entry, or of the seal. */
  number: number;
}

const MOST_PER_KIND = 20;

/** Collects findings: each once, and no more of a kind than somebody would read. */
export class Findings {
  private readonly byKind = new Map<FindingKind, Map<string, JournalFinding>>();

  /** Notes a finding once, up to a limit for each kind. */
  add(kind: FindingKind, requestId: string | null, number: number): void {
    const found = this.of(kind);
    if (found.size < MOST_PER_KIND) found.set(`${requestId} ${number}`, { kind, requestId, number });
  }

  /** @returns all of them; a row that is missing in one place and added in another was moved */
  list(): JournalFinding[] {
    for (const [key, { requestId, number }] of this.of('missing'))
      if (this.of('added').delete(key)) {
        this.of('missing').delete(key);
        this.add('reordered', requestId, number);
      }
    return [...this.byKind.values()].flatMap((found) => [...found.values()]);
  }

  private of(kind: FindingKind): Map<string, JournalFinding> {
    const found = this.byKind.get(kind) ?? new Map<string, JournalFinding>();
    this.byKind.set(kind, found);
    return found;
  }
}
