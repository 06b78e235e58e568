const isDecimalDigit = (codePoint: number) => /^\p{Nd}$/u.test(String.fromCodePoint(codePoint));

/** Every script's decimal digits (Arabic-Indic, Devanagari, full-width …) as ASCII; everything else unchanged. */
export function toAsciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    // Unicode lays decimal digits out in runs of ten (or several tens) that begin with a zero.
    const codePoint = digit.codePointAt(0)!;
    let zero = codePoint;
    while (isDecimalDigit(zero - 1)) zero -= 1;
    return String((codePoint - zero) % 10);
  });
}
