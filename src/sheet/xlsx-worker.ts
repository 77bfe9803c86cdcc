import { parentPort, workerData } from 'node:worker_threads'
import readWorkbook from 'read-excel-file/universal'
import { type Cell, EMPTY, textCell } from './table.ts'

/** Of one sheet of a workbook, what the thread hands back; or why it cannot. */
export type WorkbookReply = { sheets: { name: string; rows: Cell[][] }[] } | { fault: string }

class StoredNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return EMPTY
  if (value instanceof StoredNumber) return { text: plainNumber(value.text), kind: 'number' }
  if (value instanceof Date) return { text: value.toISOString().slice(0, 10), kind: 'date' }
  return textCell(String(value))
}

// A whole number may be stored as 8.5073003328E10: all its digits are there.
function plainNumber(text: string): string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? String(value) : text
}

async function read(bytes: ArrayBuffer): Promise<WorkbookReply> {
  try {
    const sheets = await readWorkbook(bytes, { parseNumber: text => new StoredNumber(text) })
    return {
      sheets: sheets.map(({ sheet, data }) => ({
        name: sheet,
        rows: data.map(row => row.map(cellOf)),
      })),
    }
  } catch (error) {
    return { fault: (error as Error).name }
  }
}

parentPort?.postMessage(await read(workerData as ArrayBuffer))
