/** What a provider charges; the currency is an ISO 4217 code. */
export interface Price {
  amount: string;
  currency: string;
}

/** @returns null unless it is an amount that can be kept, and a currency */
export function readPrice(amount: unknown, currency: unknown): Price | null {
  const isAmount = typeof amount === 'string' && /^\d{1,6}(\.\d{1,12})?$/.test(amount);
  const isCurrency = typeof currency === 'string' && /^[A-Za-z]{3}$/.test(currency);
  return isAmount && isCurrency ? { amount, currency: currency.toUpperCase() } : null;
}
