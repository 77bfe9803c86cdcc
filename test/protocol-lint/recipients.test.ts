import { deniedRecipient } from '../../src/protocol/deny-list.ts'
import { cleanFramework, codesOf, found, message, recipient } from './base.ts'

describe('who may never receive, however it is called', () => {
  test.each([
    ...['toezicht', 'Toezichthouder', 'toezichthouders', 'Afdeling Toezien', 'wooninspectie'],
    ...['Inspecteur', 'inspection sociale', 'handhaving', 'handhavingsteam', 'Dienst Handhavers'],
    ...['controle', 'Controleurs', 'contrôle', 'Team naleving', 'compliance officer', 'sancties'],
    ...[
      'sanctioning',
      'enforcementTeam',
      'supervisor',
      'surveillance',
      'oversight board',
      'boetes',
    ],
    ...['bestraffing', 'fraudecel', 'sociale fraude', 'deurwaarder', 'parket', 'politie', 'RVA'],
    ...['Wie over de uitkering beslist', 'Bijzonder comité voor de sociale dienst', 'schorsingen'],
    ...['derde', 'derden', 'derde partij', 'third party', 'thirdParties', 'tiers', 'buddy'],
    ...['buddywerking', 'Vrijwilligers', 'volunteers', 'bénévoles', 'CAW', 'caw-oost', 'maatjes'],
    ...['hand-having', 'T O E Z I C H T', 't0ezicht', 'OCMW', 'CPAS', 'sociaal huis', 'ocmw-gent'],
  ])('%s', name => expect(deniedRecipient(name)).toBeDefined())

  test.each([
    ...[
      'Medewerkers die huurders aanspreken en motiveren',
      'Huurdersbegeleiding',
      'Sociale dienst',
    ],
    ...[
      'VDAB-dienst die het klantenbestand beheert',
      'Softwareleverancier',
      'Team wonen',
      'Onthaal',
    ],
    ...['Helpt een huurder de weg te vinden', 'VDAB en de gemeente, samen de begeleiders'],
    ...['Bewonersconsulenten', 'gevorderden', 'Beleidsmedewerker', 'Consulent', 'dienst verhuur'],
  ])('and not: %s', name => expect(deniedRecipient(name)).toBeUndefined())

  test('a welfare office is a third party, unless it is the party', () => {
    expect(deniedRecipient('OCMW Gent', 'welfare-office')).toBeUndefined()
    expect(deniedRecipient('OCMW Gent', 'housing-company')).toBe('ocmw')
    expect(deniedRecipient('Samenwerking met OCMW', 'employment-service')).toBeUndefined()
    expect(deniedRecipient('OCMW Gent', 'gateway')).toBe('ocmw')
    expect(deniedRecipient('Controle van het OCMW', 'welfare-office')).toBeDefined()
  })

  test('nor as a processor, by its task, in the conditions of onward transfer, or as a party', () => {
    const pathsAfter = (change: (one: ReturnType<typeof cleanFramework>) => void) => {
      const document = cleanFramework()
      change(document)
      return codesOf(document)
    }
    const denied = ['recipient-is-supervisor']
    const processor = { name: 'CAW', task: 'Gesprekken' }
    expect(pathsAfter(one => recipient(one, 'sensibilisering').processors.push(processor))).toEqual(
      denied,
    )
    expect(
      pathsAfter(one => {
        found(recipient(one, 'sensibilisering').processors[0]).task = 'Doorgeven aan de inspectie'
      }),
    ).toEqual(denied)
    expect(
      pathsAfter(one => {
        recipient(one, 'sensibilisering').onward.conditions = 'Enkel aan de toezichthouder.'
      }),
    ).toEqual(denied)
    expect(
      pathsAfter(one => {
        recipient(one, 'sensibilisering').onward.conditions = 'Niet aan de toezichthouder.'
      }),
    ).toEqual([])
    expect(
      pathsAfter(one => {
        found(one.parties[0]).name = 'Vlaamse Wooninspectie'
      }),
    ).toEqual(denied)
  })

  test.each(['event', 'request', 'withdrawal', 'progress'] as const)(
    'what VDAB sends about a person as %s reaches sensitising only; at a welfare office also guidance',
    pattern => {
      const codesFor = (kind: 'housing-company' | 'welfare-office', name: string) => {
        const document = cleanFramework()
        Object.assign(recipient(document, 'sensibilisering'), { kind, function: name })
        Object.assign(message(document, 'feedback.reachability'), { to: kind, pattern })
        return codesOf(document).includes('feedback-not-to-sensitising')
      }
      expect(codesFor('housing-company', 'sensitising')).toBe(false)
      expect(codesFor('housing-company', 'target-group-management')).toBe(true)
      expect(codesFor('welfare-office', 'sensitising')).toBe(false)
      expect(codesFor('welfare-office', 'guidance')).toBe(false)
      expect(codesFor('welfare-office', 'target-group-management')).toBe(true)
    },
  )
})
