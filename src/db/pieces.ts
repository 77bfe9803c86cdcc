/**
 * Bytes of one length, one after the other, as one parameter: it goes as it is, where an array of bytes
 * goes as hexadecimal text. SQL takes them apart by {@link piece}.
 * @throws RangeError where one has another length
 */
export function joinPieces(pieces: readonly Uint8Array[], size: number): Buffer {
  const whole = Buffer.allocUnsafe(pieces.length * size)
  let at = 0
  for (const bytes of pieces) {
    if (bytes.length !== size) throw new RangeError(`${bytes.length} bytes where ${size} belong`)
    whole.set(bytes, at)
    at += size
  }
  return whole
}

/**
 * SQL: the bytes at a place of what {@link joinPieces} made.
 * @param parameter such as `$3`
 * @param place a column that counts from 1
 */
export function piece(parameter: string, size: number, place: string): string {
  return `substring(${parameter}::bytea FROM ((${place} - 1) * ${size} + 1)::int FOR ${size})`
}
