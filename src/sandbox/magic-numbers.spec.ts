import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { MAGIC_NUMBER_GROUPS } from './index.js';
import { sandboxUnderTest, type SandboxUnderTest } from '../../test/support/sandbox-under-test.js';

describe('magic numbers', () => {
  let t: SandboxUnderTest;
  beforeAll(async () => {
    t = await sandboxUnderTest();
  });
  afterAll(() => t.sandbox.close());

  it('are valid for the numbering plan, can get texts, and each is listed once', () => {
    const magic = MAGIC_NUMBER_GROUPS.flatMap(({ numbers }) => numbers);
    for (const { number, happens } of magic) {
      const parsed = parsePhoneNumberFromString(`+${number}`);
      expect([number, parsed?.isValid(), parsed?.getType()]).toEqual([number, true, 'FIXED_LINE_OR_MOBILE']);
      expect(happens).toMatch(/\.$/);
    }
    expect(new Set(magic.map(({ number }) => number)).size).toBe(magic.length);
  });

  const checked = async (ending: string, times = 1) => {
    const number = `120255501${ending}`;
    const [v1Id, v2Id] = [await t.v1Start(number), (await t.v2Start(number)).body.request_id];
    const [v1Code, v2Code] = ['v1', 'v2'].map(
      (api) => t.sandbox.ledger(number).find((m) => m.api === api)?.code,
    );
    const seen = [];
    for (let i = 0; i < times; i++) {
      const v1 = await t.v1('check/', { request_id: v1Id, code: v1Code });
      const v2 = await t.call('POST', `/v2/verify/${v2Id}`, { code: v2Code });
      seen.push([v1.status, v2.status]);
    }
    return seen;
  };

  it.each([
    [
      '16',
      [
        ['16', 400],
        ['16', 400],
        ['17', 410],
        ['6', 404],
      ],
    ],
    [
      '17',
      [
        ['17', 410],
        ['6', 404],
      ],
    ],
    ['26', [['6', 404]]],
    [
      '41',
      [
        ['1', 429],
        ['1', 429],
      ],
    ],
    [
      '45',
      [
        ['5', 500],
        ['5', 500],
      ],
    ],
    ['49', [['0', 409]]],
  ])('…%s: the right code is answered %j', async (ending, answers) => {
    expect(await checked(ending, answers.length)).toEqual(answers);
  });

  it.each([
    ['50', 'cancel', '19', 409],
    ['59', 'cancel', '19', 409],
    ['52', 'cancel', '6', 404],
    ['53', 'cancel', '5', 500],
    ['60', 'trigger_next_event', '19', 409],
    ['61', 'trigger_next_event', '19', 409],
    ['62', 'trigger_next_event', '6', 404],
    ['63', 'trigger_next_event', '5', 500],
  ])('…%s: %s is answered %s and %i', async (ending, cmd, v1Status, v2Status) => {
    const number = `120255501${ending}`;
    const v1Id = await t.v1Start(number);
    const v2Id = (await t.v2Start(number)).body.request_id;
    await t.advance(31);
    const v2 = await (cmd === 'cancel'
      ? t.call('DELETE', `/v2/verify/${v2Id}`)
      : t.call('POST', `/v2/verify/${v2Id}/next_workflow`));
    expect([(await t.v1('control/', { request_id: v1Id, cmd })).status, v2.status]).toEqual([
      v1Status,
      v2Status,
    ]);
  });

  it.each(['71', '72', '73', '74', '75'])(
    '…%s: the message goes out, the answer is of no use, the next start recovers',
    async (ending) => {
      const number = `120255501${ending}`;
      const lost = await t.v1('', { number, brand: 'Acme' }).catch(() => null);
      expect(lost).toBeNull();
      expect(await t.v1('', { number, brand: 'Acme' })).toMatchObject({
        status: '10',
        request_id: t.newest(number).providerRequestId,
      });
      expect(t.sandbox.ledger(number)).toHaveLength(1);
    },
  );

  it.each(['77', '79'])('…%s: no answer of use and nothing sent', async (ending) => {
    const number = `120255501${ending}`;
    await expect(t.v1('', { number, brand: 'Acme' })).rejects.toThrow();
    expect(t.sandbox.ledger(number)).toEqual([]);
  });

  it('…48: the answer to a check is lost, and a success is then gone', async () => {
    const id = await t.v1Start('12025550148');
    const code = t.newest('12025550148').code;
    await expect(t.v1('check/', { request_id: id, code })).rejects.toThrow('fetch failed');
    await t.advance(60);
    expect(await t.v1('search/', { request_id: id })).toMatchObject({ status: 'SUCCESS' });
  });

  it.each([
    ['80', '000000', '0000'],
    ['81', '123456', '1234'],
    ['82', '012345', '0123'],
  ])('…%s: the code is known', async (ending, six, four) => {
    const number = `120255501${ending}`;
    await t.v1Start(number, { code_length: 6 });
    await t.v2Start(number);
    expect(t.sandbox.ledger(number).map(({ code }) => code)).toEqual([six, four]);
  });
});
