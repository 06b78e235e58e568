import { maskName } from './account-names.js';

describe('maskName', () => {
  it.each([
    ['ada@example.com', 'a•••@example.com'],
    ['a@example.com', 'a•••@example.com'],
    ['"a@b"@example.com', '"•••@example.com'],
    ['𝒜da', '𝒜•••'],
    ['Ada Lovelace', 'A•••'],
    ['@example.com', '•••@example.com'],
    ['', '•••'],
  ])('masks %j as %j', (name, masked) => {
    expect(maskName(name)).toBe(masked);
  });
});
