import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { ReadableDocument } from './model.ts'
import type { Paper } from './pdf-layout.ts'

const WORKER = import.meta.url.endsWith('.ts') ? './pdf-worker.ts' : './pdf-worker.js'
/** Documents of which the file is kept: some dozens of protocols, in two states each. */
const KEPT = 64
const IDLE_MILLISECONDS = 2_000

const files = new Map<string, Promise<Buffer>>()
let thread: Piscina | undefined

/**
 * A readable document as PDF: A4, with a bookmark for each article. The same document on the same day
 * gives the same bytes. Drawn in a thread, one at a time, so that nothing else waits; kept by what is in
 * it, so that who asks again gets it at once.
 * @throws Error where it cannot be drawn
 */
export function pdfOf(document: ReadableDocument): Promise<Buffer> {
  const key = createHash('sha256').update(JSON.stringify(document)).digest('base64url')
  const known = files.get(key)
  if (known) return known
  const drawn = inThread('draw', document)
  files.set(key, drawn)
  const [oldest] = files.keys()
  if (files.size > KEPT && oldest !== undefined) files.delete(oldest)
  drawn.catch(() => files.delete(key))
  return drawn
}

/**
 * Any text on paper as PDF, drawn in the same thread; nothing of it is kept.
 * @throws Error where it cannot be drawn
 */
export function pdfOfPaper(paper: Paper): Promise<Buffer> {
  return inThread('drawPaper', paper)
}

async function inThread(name: 'draw' | 'drawPaper', document: object): Promise<Buffer> {
  thread ??= new Piscina({
    filename: fileURLToPath(new URL(WORKER, import.meta.url)),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MILLISECONDS,
    execArgv: [],
    argv: [],
    env: {},
  })
  const bytes: Uint8Array = await thread.run(document, { name })
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
