import { HttpException } from '@nestjs/common';
import { Problem } from './problem.js';

describe('Problem', () => {
  it('is an HttpException, so that a host that does not know it answers with its status and code', () => {
    const problem = new Problem('second-factor-required', 403, { members: { next: '/two-factor' } });
    expect(problem).toBeInstanceOf(HttpException);
    expect(problem.getStatus()).toBe(403);
    expect(problem.getResponse()).toEqual({
      statusCode: 403,
      message: 'second-factor-required',
      code: 'second-factor-required',
      next: '/two-factor',
    });
  });
});
