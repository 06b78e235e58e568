import { toProblem } from './to-problem.js';

const answerTo = (code: string) => {
  const { code: problem, details } = toProblem(Object.assign(new Error('of the driver'), { code }));
  return [problem, details.retryAfterSeconds];
};

describe('an error of the database', () => {
  it.each([
    ['ECONNREFUSED', 'nobody there'],
    ['EAI_AGAIN', 'the name server does not answer'],
    ['EHOSTUNREACH', 'no way there'],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is from somebody else'],
    ['08006', 'the connection failed'],
    ['28P01', 'the password was changed'],
    ['28000', 'the role may not connect'],
    ['3D000', 'the database is gone'],
    ['40P01', 'deadlock'],
    ['55P03', 'a lock was not to be had'],
    ['57P04', 'the database was dropped'],
    ['25006', 'read-only'],
    ['53100', 'the disk is full'],
    ['53200', 'out of memory'],
    ['53300', 'too many connections'],
    ['57P01', 'stopping'],
    ['57P03', 'starting'],
    ['58030', 'the disk failed'],
  ])('%s (%s) is answered with 503 and a time', (code) => {
    expect(answerTo(code)).toEqual(['service-unavailable', 2]);
  });

  it.each(['42P01', '23505', 'XX000', '5310', 'X53100'])('%s is a defect', (code) => {
    expect(answerTo(code)).toEqual(['internal', undefined]);
  });
});
