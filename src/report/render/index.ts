import type { Report } from '../document.ts'
import type { LayOut } from './chart.ts'
import { csvOf } from './csv.ts'
import { htmlOf } from './html.ts'
import { pdfOf } from './pdf.ts'
import { xlsxOf } from './xlsx.ts'

export type { LayOut } from './chart.ts'
export { bodyOf } from './html.ts'
export { markdownOf } from './markdown.ts'

export const REPORT_FORMATS = ['html', 'pdf', 'csv', 'xlsx'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** A report in a format, as a file. */
export interface ReportFile {
  file: string
  type: string
  content: string | Buffer
}

const TYPES: Readonly<Record<ReportFormat, string>> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

/** Draws a report; PDF in a thread of its own. */
export async function renderReport(
  report: Report,
  format: ReportFormat,
  layOut: LayOut,
): Promise<ReportFile> {
  const content = await contentOf(report, format, layOut)
  return { file: `${report.file}.${format}`, type: TYPES[format], content }
}

function contentOf(report: Report, format: ReportFormat, layOut: LayOut): string | Promise<Buffer> {
  switch (format) {
    case 'html':
      return htmlOf(report, layOut)
    case 'pdf':
      return pdfOf(report, layOut)
    case 'csv':
      return csvOf(report)
    case 'xlsx':
      return xlsxOf(report)
  }
}
