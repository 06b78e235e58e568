import { type Evidence, History, type Operation, violationsOf } from './history.js';
import type { RowVersion } from './row-log.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

const version = (second: number, change: Partial<RowVersion> = {}): RowVersion => ({
  requestId: 'r',
  status: 'PENDING',
  reason: null,
  attempts: 0,
  providerRequestId: 'p',
  expiresAt: at(300),
  at: at(second),
  ...change,
});
const sending = version(0, { status: 'SENDING', providerRequestId: null });
const verified = version(9, { status: 'VERIFIED', attempts: 2 });
const check = (change: Partial<Operation> = {}): Operation => ({
  kind: 'check',
  instance: 1,
  requestId: 'r',
  code: 'right',
  invokedAt: at(8).getTime(),
  answeredAt: at(9).getTime(),
  status: 200,
  ...change,
});

/** A start, a wrong code, a call without an answer, the right code. */
const sound: Evidence = {
  operations: [
    check({ kind: 'start', status: 200, invokedAt: at(0).getTime() }),
    check({ code: 'wrong', status: 422, invokedAt: at(2).getTime() }),
    { kind: 'start', instance: 2, phoneNumber: '+14155560002', invokedAt: at(3).getTime() },
    check({ kind: 'read', status: 503, invokedAt: at(4).getTime() }),
    check(),
  ],
  ledger: [{ to: '14155560001', providerRequestId: 'p' }],
  checksByRequest: { p: 2 },
  matched: new Set(['p']),
  versions: [sending, version(1), version(2, { attempts: 1 }), version(8, { attempts: 2 }), verified],
  now: at(40),
};
const but = (change: Partial<Evidence>): Evidence => ({ ...sound, ...change });

describe('the checker of histories', () => {
  it('finds nothing in a sound one', () => {
    expect(violationsOf(sound)).toEqual([]);
  });

  it.each<[string, Evidence, string[]]>([
    [
      'a second acceptance',
      but({ operations: [check(), check({ instance: 2 })] }),
      ['request r was accepted 2 times, by the instances 1, 2'],
    ],
    [
      'a wrong code that was accepted',
      but({ operations: [check({ code: 'wrong' })] }),
      ['a wrong code was accepted for request r by instance 1'],
    ],
    [
      'an acceptance after the database’s expiry',
      but({ versions: [...sound.versions, { ...verified, expiresAt: at(5) }] }),
      ['request r was accepted by instance 1 3000 ms after it had expired'],
    ],
    [
      'an acceptance that the database does not have',
      but({ versions: sound.versions.slice(0, -1) }),
      ['request r was accepted by instance 1 but is PENDING'],
    ],
    [
      'a request that the database does not have',
      but({ operations: [check({ kind: 'start', requestId: 'q' })] }),
      ['instance 1 answered a start for request q, which does not exist'],
    ],
    [
      'a VERIFIED that the provider never said',
      but({ matched: new Set(['another']) }),
      ['request r is VERIFIED, and the provider never said so'],
    ],
    [
      'a VERIFIED that the provider was never asked for',
      but({ versions: [{ ...verified, providerRequestId: null }], ledger: [], checksByRequest: {} }),
      ['request r is VERIFIED, and the provider never said so'],
    ],
    [
      'a fourth check',
      but({
        checksByRequest: { p: 4 },
        versions: [sending, version(1, { attempts: 4 }), { ...verified, attempts: 4 }],
      }),
      ['the provider was asked 4 times about the code of its request p'],
    ],
    [
      'a check that was not counted',
      but({ checksByRequest: { p: 3 } }),
      ['request r counts 2 attempts, and the provider was asked 3 times'],
    ],
    [
      'attempts that went down, also when they rose again',
      but({
        versions: [sending, version(1, { attempts: 2 }), version(2, { attempts: 1 }), verified],
      }),
      ['the attempts of request r went down from 2 to 1'],
    ],
    [
      'an end that was none',
      but({ versions: [sending, version(1, { status: 'FAILED', attempts: 2 }), verified] }),
      ['request r went from FAILED to VERIFIED'],
    ],
    [
      'a second message',
      but({ ledger: [...sound.ledger, { to: '14155560001', providerRequestId: 'p' }] }),
      ['2 messages went to 14155560001'],
    ],
    [
      'a message that nobody knows of',
      but({ ledger: [...sound.ledger, { to: '14155560002', providerRequestId: 'x' }] }),
      ['the message x to 14155560002 is lost: no request knows of it'],
    ],
    [
      'a request that was long in SENDING',
      but({ versions: [sending, version(31), verified], operations: [] }),
      ['request r was in SENDING for 31.0 s'],
    ],
    [
      'a request that is still in SENDING',
      but({ versions: [sending, { ...sending, at: at(20) }], operations: [], ledger: [] }),
      ['request r has been in SENDING for 40.0 s'],
    ],
    [
      'an answer that nobody foresaw',
      but({ operations: [check({ kind: 'cancel', status: 500 })] }),
      ['instance 1 answered a cancel with 500'],
    ],
  ])('reports %s', (_name, evidence, violations) => {
    expect(violationsOf(evidence)).toEqual(violations);
  });

  it('keeps rows apart: another row’s lower count is no decrease', () => {
    const other = version(9, { requestId: 's', providerRequestId: 'q' });
    expect(violationsOf(but({ versions: [...sound.versions, other] }))).toEqual([]);
  });

  it('allows what a run may do more than usual', () => {
    const given = but({
      ledger: [...sound.ledger, ...sound.ledger],
      checksByRequest: { p: 4 },
      versions: [sending, version(31, { attempts: 2 }), version(32, { attempts: 1 }), verified],
    });
    expect(violationsOf(given)).toHaveLength(5);
    const allowed = {
      messagesPerNumber: 2,
      checksPerRequest: 4,
      sendingSeconds: 60,
      attemptsGivenBack: true,
    };
    expect(violationsOf(given, allowed)).toEqual([]);
  });

  it('records operations as they are invoked, to be completed when they are answered', () => {
    const history = new History();
    const before = Date.now();
    const operation = history.invoke({ kind: 'start', instance: 0 });
    operation.status = 200;
    expect(history.operations).toEqual([
      { kind: 'start', instance: 0, invokedAt: expect.any(Number), status: 200 },
    ]);
    expect(history.operations[0]!.invokedAt).toBeGreaterThanOrEqual(before);
  });
});
