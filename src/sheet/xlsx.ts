import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { unzipSync } from 'fflate'
import { MAX_ROWS, MAX_UNPACKED_BYTES, type Sheet, SheetError } from './table.ts'
import type { WorkbookReply } from './xlsx-worker.ts'

const WORKER = import.meta.url.endsWith('.ts') ? './xlsx-worker.ts' : './xlsx-worker.js'
const MEGABYTE = 1024 * 1024
const MEMORY_MB = 1_024
const LONGEST_MS = 120_000
const DAMAGED = 'the workbook is damaged: open it in Excel and save it again as .xlsx'

/**
 * Reads all sheets of a workbook in a thread of its own, with limits: what was made to fill the memory,
 * or has cells at the far end of a sheet, is refused and harms nothing.
 * @throws SheetError
 */
export async function readXlsx(bytes: Uint8Array): Promise<Sheet[]> {
  assertReadable(bytes)
  const reply = await inThread(bytes)
  if ('fault' in reply) throw new SheetError(DAMAGED)
  const sheets = reply.sheets.map(sheet => ({ ...sheet, format: 'Excel workbook' }))
  if (sheets.some(({ rows }) => rows.length > MAX_ROWS))
    throw new SheetError(`a sheet has more than ${MAX_ROWS} rows`)
  return sheets
}

/** From the list at the end of the archive: nothing is unpacked. What lies there is cut off later. */
function assertReadable(bytes: Uint8Array): void {
  const names = new Set<string>()
  let unpacked = 0
  try {
    unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        names.add(name)
        unpacked += originalSize
        return false
      },
    })
  } catch {
    throw new SheetError(DAMAGED)
  }
  if (unpacked > MAX_UNPACKED_BYTES)
    throw new SheetError(
      `the workbook is more than ${MAX_UNPACKED_BYTES / MEGABYTE} MB once unpacked: copy the ` +
        'rows and columns that are needed into a new one',
    )
  if (!names.has('xl/workbook.xml'))
    throw new SheetError('this is no .xlsx workbook: save it from Excel as .xlsx, or as CSV UTF-8')
}

async function inThread(bytes: Uint8Array): Promise<WorkbookReply> {
  const copy = new Uint8Array(bytes).buffer
  const worker = new Worker(new URL(WORKER, import.meta.url), {
    workerData: copy,
    transferList: [copy],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: [],
    argv: [],
    env: {},
  })
  const signal = AbortSignal.timeout(LONGEST_MS)
  try {
    const [reply] = (await once(worker, 'message', { signal })) as [WorkbookReply]
    return reply
  } catch {
    throw new SheetError(
      'the workbook is too large to read: cells far to the right or below count too. Copy the ' +
        'rows and columns that are needed into a new one',
    )
  } finally {
    await worker.terminate()
  }
}
