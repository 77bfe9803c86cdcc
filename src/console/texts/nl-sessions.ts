import type { SessionWay } from '../../access/session.ts'

/** Words of who is signed in. */
export const sessions = {
  title: 'Aangemelde personen',
  lead: 'Wie nu aangemeld is. Een sessie eindigt vanzelf als ze een tijd niet gebruikt wordt. U kunt ze ook meteen beëindigen: die persoon moet zich dan opnieuw aanmelden.',
  caption: 'Sessies die nu open zijn, de nieuwste eerst',
  who: 'Wie',
  since: 'Aangemeld',
  seen: 'Laatst gebruikt:',
  until: 'Eindigt ten laatste',
  own: 'Uw eigen sessie',
  end: 'Beëindigen',
  endFor: (who: string, id: string): string => `Beëindigen: de sessie van ${who} (${id})`,
  unnamed: {
    link: 'Met een eenmalige link',
    provider: 'Met de aanmelddienst, zonder naam',
    token: 'Een programma, met een token',
  } satisfies Record<SessionWay, string>,
  ended: 'De sessie is beëindigd.',
  gone: 'Die sessie was al voorbij. Er is niets gewijzigd.',
}
