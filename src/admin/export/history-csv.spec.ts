import type { HistoryRow } from '../history/history.repository.js';
import { csvHead, csvLines } from './history-csv.js';

const ROW: HistoryRow = {
  id: '0198f2c4-0000-7000-8000-000000000001',
  createdAt: new Date(0),
  status: 'FAILED',
  reason: 'send-rejected',
  purpose: 'phone-verification',
  channel: 'sms',
  country: 'US',
  lastDigits: '71',
  userId: null,
  address: '203.0.113.7',
  agent: null,
  provider: 'vonage-v2',
  providerRequestId: null,
  attempts: 0,
  sends: 1,
  expiresAt: new Date(300_000),
  verifiedAt: null,
  endedAt: null,
  price: '0.0500',
  currency: 'EUR',
  isErased: false,
};

describe('the lines of an export', () => {
  it('have what the first line says, and the number masked without its plus', () => {
    expect(csvHead()).toMatch(/^\uFEFFrequestId,createdAt,status,.*,price,currency\r\n$/);
    expect(csvLines([ROW])).toBe(
      '0198f2c4-0000-7000-8000-000000000001,1970-01-01T00:00:00.000Z,FAILED,send-rejected,phone-verification,sms,US,' +
        '1 ••• ••• ••71,,203.0.113.7,,vonage-v2,,0,1,1970-01-01T00:05:00.000Z,,,0.0500,EUR\r\n',
    );
  });

  it.each([
    ['=HYPERLINK("https://evil.example")', `"'=HYPERLINK(""https://evil.example"")"`],
    ['+1+1', `'+1+1`],
    ['-2+3', `'-2+3`],
    ['@SUM(A1)', `'@SUM(A1)`],
    ['\t=1', `'\t=1`],
    ['\r=1', `"'\r=1"`],
    ['\n=1', `"'\n=1"`],
    ['two\nlines', `"two\nlines"`],
    ['=1,2', `"'=1,2"`],
    ['＝1', `'＝1`],
    [';=1+1', `";'=1+1"`],
    ['Mozilla/5.0 (X11; +1+1)', `"Mozilla/5.0 (X11; '+1+1)"`],
    ['a; "=1+1', `"a; ""'=1+1"`],
    ['a\t@SUM(A1)', `a\t'@SUM(A1)`],
    ['a\n-2+3', `"a\n'-2+3"`],
    ['SUM(1;2)', 'SUM(1;2)'],
    ['a "quoted", text\nof two lines', `"a ""quoted"", text\nof two lines"`],
  ])('let no spreadsheet run %j', (payload, cell) => {
    expect(csvLines([{ ...ROW, agent: payload }])).toContain(`,203.0.113.7,${cell},vonage-v2,`);
  });

  it.each([';', '\t', '|'])(
    'let no spreadsheet run a formula after %j, where that separates its cells',
    (mark) => {
      const payloads = ['=1+1', ' =1+1', '"=1+1', '+1', '-1', '@SUM(A1)'].map(
        (formula) => `a${mark}${formula}`,
      );
      for (const line of payloads.map((agent) => csvLines([{ ...ROW, agent }])))
        for (const cell of line.split(/[;\t|\r\n]/)) expect(cell).not.toMatch(/^["\s]*[=+\-@]/);
    },
  );
});
