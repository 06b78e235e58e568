import '../src/index.js';
import { statement, STATEMENTS } from '../src/database/statement.js';

const sorted = () => [...STATEMENTS.values()].sort((a, b) => a.name.localeCompare(b.name));

describe('the SQL statements of verification and protection', () => {
  it.each(sorted().map(({ name, text, parameters }) => ({ name, text, parameters })))(
    '$name is this text',
    ({ text, parameters }) => {
      const values = parameters.map((parameter, i) => `$${i + 1} ${parameter}`).join('\n');
      expect(`${values}\n${text}`).toMatchSnapshot();
    },
  );

  it('have no stored functions and no text from users', () => {
    for (const { text } of sorted()) expect(text).not.toMatch(/plpgsql|CREATE FUNCTION|EXECUTE /i);
  });

  it('take named parameters, each once, and leave casts and slices alone', () => {
    const { text, parameters } = statement<{ id: string; most: number }>(
      'of this test',
      'SELECT moments[1 : 2], :id::uuid, :most FROM t WHERE id = :id',
    );
    expect(text).toBe('SELECT moments[1 : 2], $1::uuid, $2 FROM t WHERE id = $1');
    expect(parameters).toEqual(['id', 'most']);
    expect(() => statement('of this test', 'SELECT 1')).toThrow('there is another statement');
  });
});
