/** Entries of the filled log that name the same message. */
export const ENTRIES_A_MESSAGE = 10
/** Milliseconds between two messages of the filled log. */
export const MESSAGE_MS = 31_500
/** When the filled log begins, where nothing else is asked for. */
export const START = new Date(Date.UTC(2025, 0, 1))

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PLACES = [45, 40, 35, 30, 25, 20, 15, 10, 5, 0]

/** Id of the k-th message of a log that begins at `start`: as in life it holds its time (ULID). */
export function messageId(k: number, start = START): string {
  const ms = start.getTime() + k * MESSAGE_MS
  const digits = PLACES.map(place => DIGITS.charAt(Math.floor(ms / 2 ** place) % 32))
  return `msg_${digits.join('')}${String(k).padStart(16, '0')}`
}

/** The same in SQL, with any prefix; `k` a bigint, `start` a timestamptz. */
export function idSql(prefix: string, k: string, start: string): string {
  const ms = `((extract(epoch FROM ${start}::timestamptz) * 1000)::bigint + ${k} * ${MESSAGE_MS})`
  const digits = PLACES.map(place => `substr('${DIGITS}', (${ms} >> ${place} & 31)::int + 1, 1)`)
  return `${prefix} || '_' || ${digits.join(' || ')} || lpad(${k}::text, 16, '0')`
}
