import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import pdfmake from 'pdfmake'
import type { ReadableDocument } from './model.ts'
import { layoutOf, type Paper, paperLayout } from './pdf-layout.ts'

const FONTS = join(
  dirname(createRequire(import.meta.url).resolve('pdfmake/package.json')),
  'fonts',
  'Roboto',
)
const FACES = {
  normal: join(FONTS, 'Roboto-Regular.ttf'),
  bold: join(FONTS, 'Roboto-Medium.ttf'),
}

// Nothing from the network, and of this machine only the fonts.
pdfmake.setUrlAccessPolicy(() => false)
pdfmake.setLocalAccessPolicy(path => Object.values(FACES).includes(path))
pdfmake.addFonts({ Roboto: FACES })

/** Draws a readable document as a PDF; runs in a thread of its own. */
export async function draw(document: ReadableDocument): Promise<Uint8Array> {
  return pdfmake.createPdf(layoutOf(document)).getBuffer()
}

/** Draws any text on paper as a PDF; runs in the same thread. */
export async function drawPaper(paper: Paper): Promise<Uint8Array> {
  return pdfmake.createPdf(paperLayout(paper)).getBuffer()
}
