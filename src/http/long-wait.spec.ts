import { Messages } from './messages.js';

describe('a long wait', () => {
  const messages = new Messages(['messages']);
  const told = (locale: string, count: number) =>
    messages.text(locale, 'problem.rate-limited.later', { count });

  it.each([
    ['en', 180, 'Too many attempts. Try again in 3 minutes.'],
    ['en', 3541, 'Too many attempts. Try again in 60 minutes.'],
    ['de', 86_400, 'Zu viele Versuche. Versuchen Sie es in 24 Stunden erneut.'],
    ['ar', 3600, 'محاولات كثيرة جدًا. حاول مرة أخرى بعد 60 دقيقة.'],
    ['ja', 10_801, '試行回数が多すぎます。4 時間後にもう一度お試しください。'],
  ])('is told in minutes or hours of the language %s: %d s', (locale, seconds, words) => {
    expect(told(locale, seconds)).toBe(words);
  });
});
