import type { Agreement } from '../document.ts'
import { type Block, cell, facts, paragraph, table } from './block.ts'
import { nameOf } from './shared.ts'
import { days, number, word, yesNo } from './words.ts'

/** How the exchange works: form of the answer, windows, retention, evaluation. */
export function modalityBlocks(document: Agreement): Block[] {
  const { modalities } = document
  return [
    facts([
      ['Weg', modalities.channel],
      ['Richting', word('direction', modalities.direction)],
      ['Afgifte', word('mode', modalities.mode)],
      ['Vorm van de berichten', modalities.format],
      ['Pseudoniemdomein', modalities.domain],
      ['Antwoorden', word('granularity', modalities.granularity)],
      ['Drempel en afronding van aantallen', number(modalities.countsThreshold)],
      [
        'Een maand sluit vanzelf',
        `${days(modalities.periodClosesAfterDays)} na het einde van de maand`,
      ],
      ['Termijn om te antwoorden', days(modalities.answerWindowDays)],
      ['Berichten blijven bewaard', days(modalities.payloadRetentionDays)],
      ['Weg terug blijft bewaard', `${days(modalities.routeRetentionDays)} na de laatste maand`],
      ['Opvolging is te laat na', days(modalities.daysToOverdue)],
      ['De verzender maakt zelf de pseudoniemen', yesNo(modalities.senderBlind)],
      ['Elk bericht digitaal ondertekend', yesNo(modalities.signature)],
      ...bindingFacts(document),
      ...envelopeFacts(document),
    ]),
    ...signatureText(document),
    ...envelopeText(document),
    ...answerText(document),
    ...windowText(document),
    ...evaluation(document),
  ]
}

function signatureText({ modalities }: Agreement): Block[] {
  if (!modalities.signature) return []
  return [
    paragraph(
      'Elke partij zet onder elk bericht over personen een digitale handtekening met haar eigen sleutel. Huisbrug weigert een bericht zonder handtekening, ook van wie zich kan aanmelden. Huisbrug bewaart de handtekening als bewijs, zonder het bericht.',
    ),
  ]
}

const BINDINGS = {
  dpop: 'een sleutel van de verzender',
  mtls: 'het certificaat van de verzender',
} as const

function bindingFacts({ modalities: { tokenBinding } }: Agreement): [string, string][] {
  return tokenBinding ? [['Een toegangsbewijs is gebonden aan', BINDINGS[tokenBinding]]] : []
}

function envelopeFacts({ modalities }: Agreement): [string, string][] {
  const { envelope } = modalities
  if (!envelope) return []
  return [
    [
      `Wat naar de ${word('partyKind', 'employment-service')} gaat, in een gesloten omslag`,
      yesNo(envelope.calls),
    ],
    ['Wat naar de andere partijen gaat, in een gesloten omslag', yesNo(envelope.events)],
  ]
}

function envelopeText({ modalities: { envelope } }: Agreement): Block[] {
  if (!envelope?.calls && !envelope?.events) return []
  return [
    paragraph(
      'Een gesloten omslag betekent: Huisbrug versleutelt de inhoud met een sleutel van de ontvanger. Alleen de ontvanger kan ze openen, ook als iemand onderweg meeleest. Heeft de ontvanger geen sleutel, dan vertrekt er niets.',
    ),
  ]
}

function answerText({ modalities }: Agreement): Block[] {
  const k = number(modalities.countsThreshold)
  if (modalities.granularity === 'person') {
    return [
      paragraph(
        'Wie een vraag stelt, krijgt per persoon een antwoord: gevonden of niet gevonden. Meer niet.',
      ),
    ]
  }
  return [
    paragraph(
      `Wie een vraag stelt, krijgt een getal per maand en niets per persoon. Het komt pas als de maand gesloten is en elke vraag beantwoord of vervallen is. Huisbrug telt er eerst een klein toevallig getal bij of af (ruis met schaal ${k}), zodat niemand zeker kan zijn over een persoon. Daarna rondt Huisbrug af op een veelvoud van ${k}.`,
    ),
    paragraph(
      `Het getal blijft verborgen als de groep kleiner is dan ${number(2 * modalities.countsThreshold)} personen, als minder dan ${k} personen gevonden of niet gevonden zijn, of als de groep minder dan ${k} personen verschilt van een groep waarover al een getal gegeven is.`,
    ),
  ]
}

function windowText({ modalities }: Agreement): Block[] {
  return [
    paragraph(
      `Een vraag waarop na ${days(modalities.answerWindowDays)} geen antwoord kwam, vervalt. De inhoud van een bericht wist Huisbrug ${days(modalities.payloadRetentionDays)} na de afgifte.`,
    ),
  ]
}

function evaluation(document: Agreement): Block[] {
  const rows = document.modalities.evaluation.map(one => [
    cell(nameOf(document, one.party)),
    cell(number(one.registerSize)),
    cell(number(one.dailyAllowance)),
  ])
  return [
    table(
      'Hoeveel pseudoniemen een partij mag laten berekenen',
      ['Partij', 'Voor heel haar bestand', 'Daarna, per dag'],
      rows,
      'Geen enkele partij mag pseudoniemen laten berekenen voor een eigen bestand.',
    ),
  ]
}

/** When messages go, and how many persons at most. */
export function periodicityBlocks({ periodicity }: Agreement): Block[] {
  const { perMessage, perDay, perEpoch } = periodicity.ceilings
  return [
    facts([['Ritme', word('schedule', periodicity.schedule)]]),
    paragraph(periodicity.trigger),
    table(
      'Hoogste aantal personen of regels, per verzender',
      ['In een bericht', 'Per dag', 'Onder een sleutel'],
      [[cell(number(perMessage)), cell(number(perDay)), cell(number(perEpoch))]],
      '',
    ),
    paragraph(
      'Een dag loopt van middernacht tot middernacht UTC. Een sleutel geldt tot Huisbrug hem vervangt. Wat boven een grens gaat, weigert Huisbrug.',
    ),
  ]
}
