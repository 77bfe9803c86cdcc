import type { FourEyes } from '../../config.ts'

/** Words of what waits for a second person. */
export const approvals = {
  title: 'Goedkeuringen',
  lead: 'Sommige handelingen mogen hier alleen met vier ogen: wie ze vraagt, doet ze pas als een andere persoon ze goedkeurt. Een vraag vervalt na één dag.',
  waiting: 'Wat wacht op een tweede persoon',
  none: 'Er wacht niets.',
  todo: 'Goedgekeurd: u kunt dit nu doen',
  todoNote: 'Een goedkeuring werkt één keer, en alleen voor wat toen geparkeerd was.',
  what: 'Wat',
  why: 'Reden',
  askedBy: 'Gevraagd door',
  expiresAt: 'Vervalt op',
  decide: 'Beslissing',
  ownAsked: 'Uw eigen vraag: een andere persoon beslist.',
  give: 'Goedkeuren',
  refuse: 'Weigeren',
  about: (what: string, id: string): string => `${what}, vraag ${id}`,
  doNow: 'Nu hervatten',
  given: 'U hebt dit goedgekeurd. Wie het vroeg, kan het nu doen.',
  refused: 'U hebt dit geweigerd. Er gebeurt niets.',
  own: 'U kunt uw eigen vraag niet goedkeuren. Vraag het aan een andere persoon.',
  gone: 'Deze vraag bestaat niet meer: ze is beslist of vervallen. Er is niets gewijzigd.',
  operations: {
    'subject-usage': 'Opzoeken wat er over een persoon is uitgewisseld',
    'subject-restrict': 'De verwerking voor een persoon beperken',
    'subject-erase': 'Gegevens van een persoon wissen',
    parked: 'Geparkeerde berichten hervatten',
  } satisfies Record<FourEyes, string>,
}
