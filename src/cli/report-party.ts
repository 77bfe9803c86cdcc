import { type Command, InvalidArgumentError } from 'commander'
import { makeAnnex1, makeDashboard, makeEvaluation } from '../report/party-reports.ts'
import { endedQuarters, isQuarter, type Quarter } from '../report/period.ts'
import { annex1 } from './partner-housing.ts'
import { runPartner } from './partner-run.ts'
import type { Open } from './party.ts'
import { formatOf, giveOut, OPERATOR, type Output, parseDay, withOutput } from './report-output.ts'

type PartyOptions = Output & { party: string; from?: string; until?: string }
type Annex1Options = PartyOptions & { url?: string; key?: string; kid?: string }

/** `huisbrug report annex-1|dashboard|evaluation`: what concerns one housing company. */
export function addPartyReports(report: Command, open: Open, now: () => Date): void {
  addAnnex1(report, open, now)
  addDashboard(report, open, now)
  addEvaluation(report, open, now)
}

function ofParty(report: Command, name: string): Command {
  return withOutput(report.command(name)).requiredOption('--party <party>', 'the housing company')
}

function addAnnex1(report: Command, open: Open, now: () => Date): void {
  ofParty(report, 'annex-1 [file.json]')
    .description('Annex 1 of the call: what a housing company reported; with a file: report it')
    .option('--from <day>', 'counted from this day on (a year ago)', parseDay)
    .option('--until <day>', 'until this day, included (today)', parseDay)
    .option('--url <url>', 'with a file: the gateway (or as for huisbrug partner)')
    .option('--key <file>', 'with a file: the private key of the party, PEM (PKCS8) or JWK')
    .option('--kid <kid>', 'with a file: the kid of that key')
    .action((file: string | undefined, options: Annex1Options, command: Command) => {
      if (file !== undefined) return runPartner(command, options, it => annex1(it, file))
      const at = now()
      const asked = { by: OPERATOR, at, format: formatOf(options), party: options.party }
      return giveOut(open, command, options, at, ({ pool }) =>
        makeAnnex1(pool, { ...asked, ...daysOf(options, at) }),
      )
    })
}

function addDashboard(report: Command, open: Open, now: () => Date): void {
  ofParty(report, 'dashboard')
    .description('reach and outflow of a housing company in a quarter that is over')
    .option('--quarter <quarter>', 'such as 2026-Q3 (the last that is over)', parseQuarter)
    .action((options: PartyOptions & { quarter?: Quarter }, command: Command) => {
      const at = now()
      const [last] = endedQuarters(at.toISOString().slice(0, 10), 1)
      const quarter = options.quarter ?? last
      if (!quarter) throw new Error('no quarter is over')
      const asked = { by: OPERATOR, at, format: formatOf(options), party: options.party, quarter }
      return giveOut(open, command, options, at, ({ pool }, set) => makeDashboard(pool, set, asked))
    })
}

function addEvaluation(report: Command, open: Open, now: () => Date): void {
  ofParty(report, 'evaluation')
    .description('the skeleton of an evaluation, filled with figures; places to write are marked')
    .option('--from <day>', 'from this day on (a year ago)', parseDay)
    .option('--until <day>', 'until this day, included (today)', parseDay)
    .option('--final', 'the final one, not the interim one')
    .action((options: PartyOptions & { final?: boolean }, command: Command) => {
      const at = now()
      const kind = options.final ? ('final' as const) : ('interim' as const)
      const asked = { by: OPERATOR, at, format: formatOf(options), party: options.party, kind }
      return giveOut(open, command, options, at, ({ pool }, set) =>
        makeEvaluation(pool, set, { ...asked, ...daysOf(options, at) }),
      )
    })
}

function daysOf({ from, until }: PartyOptions, at: Date): { from: string; until: string } {
  const last = until ?? at.toISOString().slice(0, 10)
  const first = from ?? `${Number(last.slice(0, 4)) - 1}${last.slice(4).replace('02-29', '02-28')}`
  if (first > last) throw new Error('--from has to be before --until')
  return { from: first, until: last }
}

function parseQuarter(text: string): Quarter {
  if (isQuarter(text)) return text
  throw new InvalidArgumentError('give a quarter, such as 2026-Q3.')
}
