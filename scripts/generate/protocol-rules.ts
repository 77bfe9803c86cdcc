import type { Severity } from '../../src/protocol/finding.ts'
import { RULES, type Rule } from '../../src/protocol/lint/rules.ts'

const HEAD = `# Rules for protocol documents

\`huisbrug protocol lint\` checks every document against these rules; the gateway checks them as well
whenever it reads one. Findings about the files themselves (not JSON, a wrong shape, signatures, two
versions) come from the loader and are in [protocols.md](protocols.md). This page is written from
\`src/protocol/lint/rules.ts\` by \`npm run generate\`.
`

const PARTS: readonly [Severity, string, string][] = [
  [
    'refused',
    'Refused',
    'What may never be, whoever signs. A document with one of these is never in force (HB-317).',
  ],
  ['incomplete', 'Incomplete', 'What is still missing before a document can be in force.'],
  ['warning', 'Warnings', 'What is unwise. It keeps nothing from being in force.'],
]

const LIMITS = `
## How the rules read

- Only ids, field names, labels, codes and labels of codes are matched with the deny list, and names of
  message types and target groups. Words are looked at as written, glued to their neighbour, without
  accents, and with digits read as letters, in Dutch and English. Sentences are not: a definition or
  description that speaks of such a thing is a warning, unless the sentence says that it is not there.
- A name is judged by its words, not by what it means. A harmless word that the list catches has to be
  replaced by another; what hides behind a harmless word is for the officers who advise.
- A welfare office is a third party, except as a receiving party of its own.
- "The largest register" is that of \`modalities.evaluation\`, the only number of persons that a party
  attests. Estimated numbers are of one round and an epoch has many, so they are no measure.
- The lint has no clock: dates are compared with each other, never with today.
- Retention in words is compared in two forms only: "N dagen na de laatste maand" with
  \`routeRetentionDays\`, "N dagen na de afgifte" with \`payloadRetentionDays\`.
`

/** docs/protocol-rules.md, from the table of rules. */
export function protocolRules(): string {
  const parts = PARTS.map(([severity, title, about]) => {
    const rows = Object.entries<Rule>(RULES).filter(([, one]) => one.severity === severity)
    const lines = rows.map(([code, { rule, source }]) => `| \`${code}\` | ${rule} | ${source} |`)
    return `\n## ${title}\n\n${about}\n\n| code | rule | source |\n| --- | --- | --- |\n${lines.join('\n')}\n`
  })
  return `${HEAD}${parts.join('')}${LIMITS}`
}
