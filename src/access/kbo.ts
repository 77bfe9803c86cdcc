/**
 * Reads an enterprise number of the Crossroads Bank for Enterprises (KBO): ten digits, the first 0
 * or 1, the last two 97 - (first eight mod 97). Spaces, dots and a leading "BE" are left out.
 * @returns the ten digits, or undefined where it is not a valid number
 */
export function parseKbo(text: string): string | undefined {
  const digits = text.replace(/^\s*BE/i, '').replace(/[\s.]/g, '')
  if (!/^[01][0-9]{9}$/.test(digits)) return undefined
  const check = 97 - (Number(digits.slice(0, 8)) % 97)
  return Number(digits.slice(8)) === check ? digits : undefined
}
