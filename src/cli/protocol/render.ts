import { extname } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { LoadedProtocol } from '../../protocol/document.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { dpvOf } from '../../protocol/readable/dpv.ts'
import { htmlOf } from '../../protocol/readable/html.ts'
import { type ReadableDocument, readableOf } from '../../protocol/readable/model.ts'
import { pdfOf } from '../../protocol/readable/pdf.ts'
import type { Open } from '../party.ts'
import { openChecked, UNCHECKED } from './checked.ts'
import { type Options, print, type Report, readable, simple, writeOut } from './report.ts'

/** What a document can be drawn as. */
type Format = 'html' | 'pdf' | 'jsonld'

/** Options of `protocol render`. */
interface RenderOptions extends Options {
  format?: Format
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.html': 'html',
  '.htm': 'html',
  '.pdf': 'pdf',
  '.jsonld': 'jsonld',
}

/** A format by name. @throws InvalidArgumentError naming those that there are */
function formatOf(name: string): Format {
  const known = Object.values(EXTENSIONS).find(one => one === name)
  if (!known) throw new InvalidArgumentError('It is html, pdf or jsonld.')
  return known
}

/**
 * `protocol render <id>`: the document to read and to print, as HTML, PDF or JSON-LD; by the name of the
 * file where no format is given. `--json` without a file gives the document model.
 */
export function renderCommand(protocol: Command, openStore: Open, now: () => Date): void {
  simple(protocol, 'render <id>', 'the document to read and to print: HTML, PDF or JSON-LD (DPV)')
    .option('--out <file>', 'write it there instead of to standard output')
    .option('--format <format>', 'html, pdf or jsonld; by the name of the file if absent', formatOf)
    .action(async (id: string, options: RenderOptions, command: Command) => {
      const { out, format } = options
      if (out !== undefined && !format && !EXTENSIONS[extname(out).toLowerCase()]) {
        command.error(
          `error: ${out} does not say what to write: end it in .html, .pdf or .jsonld, or give --format`,
        )
      }
      const { set, checked } = await openChecked(openStore, now())
      const report = await renderReport(set, id, now(), options)
      if (!checked) command.configureOutput().writeErr?.(UNCHECKED)
      if ('bytes' in report) process.stdout.write(report.bytes)
      else print(command, options, report)
    })
}

async function renderReport(
  set: ProtocolSet,
  id: string,
  at: Date,
  { out, json, format = EXTENSIONS[extname(out ?? '').toLowerCase()] ?? 'html' }: RenderOptions,
): Promise<Report | { bytes: Buffer }> {
  const protocol = readable(set, id)
  const model = readableOf(set, protocol, at)
  if (out === undefined) {
    if (json) return { json: format === 'jsonld' ? dpvOf(set, protocol) : model, text: '' }
    if (format === 'pdf' && process.stdout.isTTY) throw new Error(NO_TERMINAL)
    return { bytes: Buffer.from(await drawn(set, protocol, model, format)) }
  }
  writeOut(out, await drawn(set, protocol, model, format))
  const { version, digest } = model
  const text = `Wrote ${id} ${version} to ${out}\n`
  return { json: { id, version, digest, format, file: out }, text }
}

const NO_TERMINAL = 'a PDF is no text for a terminal: name a file with --out <file.pdf>'

async function drawn(
  set: ProtocolSet,
  protocol: LoadedProtocol,
  model: ReadableDocument,
  format: Format,
): Promise<string | Buffer> {
  if (format === 'pdf') return pdfOf(model)
  return format === 'jsonld' ? `${JSON.stringify(dpvOf(set, protocol), null, 2)}\n` : htmlOf(model)
}
