import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, writeFileSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { type EntryExport, type ExportRequest, openExport } from '../../audit/export.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../audit/export-write.ts'
import { FILTER_NAMES, filterNames, readEntryFilter } from '../../audit/filter.ts'
import type { Open } from '../party.ts'
import { progressBar } from '../progress.ts'

interface ExportOptions extends Record<string, string | boolean | undefined> {
  format: ExportFormat
  proofs?: boolean
  out?: string
  json?: boolean
}

/** `huisbrug audit export`: entries by filter as one file, and beside it what proves them. */
export function exportCommand(open: Open): Command {
  const command = new Command('export').description(
    'write entries of the log, in its order, as JSON lines or CSV; exporting is an entry itself',
  )
  for (const name of FILTER_NAMES)
    command.option(`--${optionOf(name)} <value>`, `only entries with this ${name}`)
  return command
    .addOption(
      new Option('--format <format>', 'of the file').choices(EXPORT_FORMATS).default('jsonl'),
    )
    .option('--proofs', 'add to each row the proof that it is in the log')
    .option('--out <file>', 'write to this file, and FILE.proof.json beside it')
    .option('--json', 'say what was written as JSON, with --out')
    .action(async (options: ExportOptions) => {
      const filter = readEntryFilter(givenFilter(options))
      const store = await open()
      try {
        const { format, proofs = false } = options
        const by = { role: 'operator' }
        const request = { filter, format, proofs, by, at: new Date() }
        const opened = await openExport(store.pool, request)
        if (options.out === undefined) await writeTo(process.stdout, opened.text())
        else await writeFile(options.out, opened, request, options.json === true)
      } finally {
        await store.close()
      }
    })
}

// --message-id as a command writes it, messageId as the interface does.
function optionOf(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

function givenFilter(options: ExportOptions): Record<string, string> {
  const given = FILTER_NAMES.map(name => [name, options[name]] as const)
  return Object.fromEntries(
    given.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}

async function writeFile(
  file: string,
  opened: EntryExport,
  request: ExportRequest,
  json: boolean,
): Promise<void> {
  const bar = progressBar('export', !json)
  const hash = createHash('sha256')
  const out = createWriteStream(file)
  try {
    await writeTo(
      out,
      opened.text(done => bar.update(done, opened.rows)),
      hash,
    )
    out.end()
    await finished(out)
  } finally {
    bar.stop()
    out.destroy()
  }
  const manifest = manifestOf(opened, request, hash.digest('base64url'))
  writeFileSync(`${file}.proof.json`, `${JSON.stringify(manifest, null, 2)}\n`)
  process.stdout.write(
    json
      ? `${JSON.stringify(manifest)}\n`
      : `${file}: ${opened.rows} entries, ${file}.proof.json\n`,
  )
}

/** What is beside an export: what it holds, and the checkpoint that it is proven against. */
export interface ExportManifest {
  export: 1
  format: ExportFormat
  filter: Record<string, string>
  rows: number
  /** SHA-256 of the file, base64url. */
  sha256: string
  /** Whether it holds every entry of the checkpoint, so that their leaf hashes give its root. */
  complete: boolean
  proofs: boolean
  /** The signed note. */
  checkpoint: string
}

function manifestOf(
  { rows, checkpoint }: EntryExport,
  { filter, format, proofs }: ExportRequest,
  sha256: string,
): ExportManifest {
  const asked = filterNames(filter).map(name => {
    const value = filter[name as keyof typeof filter]
    return [name, value instanceof Date ? value.toISOString() : String(value)]
  })
  return {
    export: 1,
    format,
    filter: Object.fromEntries(asked),
    rows,
    sha256,
    complete: asked.length === 0,
    proofs,
    checkpoint: checkpoint.note,
  }
}

async function writeTo(out: Writable, text: AsyncIterable<string>, hash?: Hash): Promise<void> {
  for await (const part of text) {
    hash?.update(part)
    if (!out.write(part)) await once(out, 'drain')
  }
}
