import { facts, list, note } from '../protocol/readable/block.ts'
import type { Paper } from '../protocol/readable/pdf-layout.ts'
import { day } from '../protocol/readable/words.ts'
import type { Usage, UsageReport } from './usage.ts'
import { CHECK, momentInWords, NONE, RIGHTS, receiverInWords, USAGE_TITLE } from './usage-letter.ts'

/**
 * A report on a person as a text on paper, in plain Dutch: for each use when, what, who, which data, why and
 * on which ground. It names nobody: only the case number says whose it is. Pure.
 */
export function usagePaper(report: UsageReport, caseRef: string): Paper {
  const { totalUsages, usagePeriod, usages } = report
  const on = usagePeriod.until.slice(0, 10)
  return {
    language: 'nl',
    title: USAGE_TITLE,
    authors: ['Huisbrug'],
    subject: `Dossier ${caseRef}`,
    keywords: 'AVG, artikel 15',
    on,
    head: [
      ['Dossier', caseRef],
      ['Periode', `${momentInWords(usagePeriod.from)} tot ${momentInWords(usagePeriod.until)}`],
      ['Aantal', `${totalUsages}; het nieuwste staat bovenaan`],
      ['Gemaakt op', day(on)],
    ],
    notes: [
      {
        tone: 'info',
        lines: [
          'De gegevens zelf staan hier niet in: Huisbrug bewaart ze niet. Wel wat ermee gebeurde.',
        ],
      },
      ...moreNote(report),
    ],
    articles: [
      ...(usages.length === 0
        ? [{ number: '', title: 'Niets gevonden', blocks: list(NONE) }]
        : usages.map(articleOf)),
      { number: '', title: CHECK[0] ?? '', blocks: [note('info', CHECK.slice(1).join(' '))] },
      { number: '', title: RIGHTS[0] ?? '', blocks: [note('info', RIGHTS.slice(1).join(' '))] },
    ],
    hasContents: false,
    foot: `Dossier ${caseRef}. Uit de auditlog van Huisbrug.`,
  }
}

function moreNote({ next, usages }: UsageReport): Paper['notes'] {
  if (!next) return []
  const text = `Hier staan de nieuwste ${usages.length}. Vraag de oudere met een andere periode.`
  return [{ tone: 'warning', lines: [text] }]
}

function articleOf(usage: Usage, place: number): Paper['articles'][number] {
  const { logtime, action, data, purpose, legalBasis, protocol, reason, proof } = usage
  return {
    number: String(place + 1),
    title: momentInWords(logtime),
    blocks: [
      facts([
        ['Wat er gebeurde', action],
        ['Wie de gegevens kreeg', receiverInWords(usage)],
        ['Welke gegevens', data.length > 0 ? data.join('; ') : undefined],
        ['Opgegeven reden', reason],
        ['Waarvoor', purpose],
        ['Rechtsgrond', legalBasis],
        ['Protocol', protocol ? `${protocol.id}, versie ${protocol.version}` : undefined],
        ['Regel in de auditlog', String(proof.index)],
      ]),
    ],
  }
}
