import type { FinalCounts } from './demo-counts.ts'
import { type Checks, leftOut } from './demo-report.ts'
import type { DemoReport, DemoStage } from './demo-types.ts'
import { REGION } from './region.ts'

const NUMBERS = new Intl.NumberFormat('nl-BE')

/** What happened, in a dozen lines for people. */
export function tellStory(
  stage: DemoStage,
  report: DemoReport,
  checks: Checks & { counts: FinalCounts; code: string },
): string[] {
  const n = (count: number) => NUMBERS.format(count)
  const { clients } = stage.vdab.status()
  return [
    '',
    `Wat er gebeurde: ${n(report.population)} verzonnen huurders in ${REGION.name} (${n(REGION.homes)} woningen).`,
    ` 1. Zonder protocol in werking: ${n(report.refusedBeforeProtocol)} huurders geweigerd (${checks.code}).`,
    ' 2. Kaderprotocol en drie toetredingen ondertekend: vanaf dan mag de uitwisseling.',
    ` 3. VDAB bereidde ${n(clients)} klanten blind voor; de gateway zag geen enkel nummer.`,
    ` 4. Woonmaatschappijen vroegen naar ${n(report.tenants)} huurders uit de doelgroep: ` +
      `${n(report.accepted)} aanvaard, ${n(report.refused)} geweigerd, ${n(report.forwarded)} doorgestuurd.`,
    ` 5. VDAB vond er ${n(report.found)} (aandeel fictief). Per woonmaatschappij een afgerond getal, met wat ruis: ${tellReleases(stage)}.`,
    ` 6. Moeilijk of niet bereikt (aandeel fictief): ${n(report.feedback)}, elk bij een woonmaatschappij; ` +
      `${n(report.acknowledged)} opgevolgd.`,
    ` 7. ${n(report.delivered)} afleveringen, ${n(report.parked)} vastgelopen; de balans ${report.balanced ? 'klopt' : 'KLOPT NIET'}.`,
    ` 8. Auditlog van ${n(report.auditEntries)} vermeldingen: ${report.auditVerified ? 'herrekend en in orde' : 'KLOPT NIET'}.`,
    ` 9. Rijksregisternummers gevonden waar ze niet mogen staan: ${n(report.nationalNumbersLeaked)} ` +
      `(${tellScan(checks)}).`,
    ...tellLeftOver(stage, checks.counts, checks),
  ]
}

/** Where to look, while it stays up. */
export function tellWhere(stage: DemoStage, link: string | undefined): string[] {
  return [
    `Kijk rond in de console, met deze link die een keer werkt: ${link ?? `${stage.gateway}/console`}`,
    `Beschrijving van de API: ${stage.gateway}/docs. Gegevens en logboeken: ${stage.options.dataDir}`,
    'Stop met Ctrl-C.',
  ]
}

function tellReleases(stage: DemoStage): string {
  const { companies } = stage.backOffice.status()
  const parts = companies.map(({ company, releases }) => {
    const name = REGION.housingCompanies.find(({ id }) => id === company)?.name ?? company
    const last = releases.at(-1)
    if (!last) return `${name} nog niets`
    return `${name} ${last.found === null ? 'afgeschermd' : NUMBERS.format(last.found)}`
  })
  return parts.join(', ')
}

function tellScan({ leaks: { scanned } }: Checks): string {
  const { tables, rows, redisKeys, files } = scanned
  const redis = redisKeys > 0 ? `, ${NUMBERS.format(redisKeys)} sleutels in Redis` : ''
  return `${tables} tabellen met ${NUMBERS.format(rows)} rijen${redis}, ${files} bestanden`
}

function tellLeftOver(stage: DemoStage, counts: FinalCounts, checks: Checks): string[] {
  const { companies } = stage.backOffice.status()
  const n = (count: number) => NUMBERS.format(count)
  const notSent = companies.reduce((sum, company) => sum + (company.notSent ?? 0), 0)
  const refused = leftOut(stage)
  const codes = [...new Set(companies.flatMap(company => company.requestRefusals))].join(', ')
  return [
    ...checks.leaks.leaks.map(({ place, numbers }) => `    ${place}: ${n(numbers)}`),
    ...(refused > 0 ? [`    Niet verzonden: ${n(refused)} huurders, geweigerd (${codes}).`] : []),
    ...(notSent > refused
      ? [`    Niet verzonden: ${n(notSent - refused)} huurders, want de maand is al afgesloten.`]
      : []),
    ...(counts.pending > 0 ? [`    Nog onderweg: ${n(counts.pending)} afleveringen.`] : []),
  ]
}
