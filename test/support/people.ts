/** Valid synthetic national numbers: births on one day in 1985, one per serial number. */
export function syntheticNumber(index: number): string {
  const day = String(1 + (Math.floor(index / 998) % 28)).padStart(2, '0')
  const month = String(1 + (Math.floor(index / (998 * 28)) % 12)).padStart(2, '0')
  const first = `85${month}${day}${String(1 + (index % 998)).padStart(3, '0')}`
  return `${first}${String(97 - (Number(first) % 97)).padStart(2, '0')}`
}

/** A tenant for a detection request. */
export function tenant(index: number, overrides: Record<string, unknown> = {}) {
  return {
    insz: syntheticNumber(index),
    tenantRef: `tenant-${index}`,
    tenantGround: 'art-6.1-1-a' as const,
    ...overrides,
  }
}
