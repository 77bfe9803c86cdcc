import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFolder } from '../client/folder-lock.ts'
import { RegisterError } from '../client/register-error.ts'
import type { GoodRow } from '../sheet/check.ts'
import { type Sent, sendRows } from '../sheet/send.ts'
import { type RequestHead, SendingBook } from '../sheet/sending-book.ts'
import type { PartnerProfile } from './partner-profile.ts'
import type { Partner } from './partner-run.ts'
import { progressBar } from './progress.ts'

export interface SheetSending {
  partner: Partner
  head: RequestHead
  rows: readonly GoodRow[]
  batchSize: number
  /** Whether what was accepted before is forgotten. */
  again: boolean
  showsProgress: boolean
}

/**
 * Sends the rows with the book of their month, which one process at a time may have open.
 * @param stop ends it between two requests
 */
export async function sendSheet(sending: SheetSending, stop: AbortSignal): Promise<Sent> {
  const { partner, head, rows, batchSize, again, showsProgress } = sending
  const { client, profile } = partner
  const folder = join(profile.dataDir, 'detect')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unlock = takeFolder(folder)
  const bar = progressBar('sending', showsProgress)
  try {
    const book = await SendingBook.open(bookOf(folder, profile, head), profile.privateKey, again)
    const sent = await sendRows({
      ...{ client, book, head, rows, batchSize, privateKey: profile.privateKey },
      onProgress: done => bar.update(done, rows.length),
      isStopped: () => stop.aborted,
    })
    await book.close()
    return sent
  } finally {
    bar.stop()
    unlock()
  }
}

/** One book for each gateway, party, protocol and month: whatever file the tenants come from. */
function bookOf(folder: string, { gateway, party }: PartnerProfile, head: RequestHead): string {
  const place = createHash('sha256')
    .update(JSON.stringify([gateway, party]))
    .digest('hex')
  const period = head.referenceDate.slice(0, 7)
  return join(folder, `${head.protocol}-${period}-${place.slice(0, 8)}.jsonl`)
}

function takeFolder(folder: string): () => void {
  try {
    return lockFolder(folder)
  } catch (error) {
    if (!(error instanceof RegisterError)) throw error
    throw new Error(`another huisbrug detect is sending (${folder}): wait until it has ended`)
  }
}
