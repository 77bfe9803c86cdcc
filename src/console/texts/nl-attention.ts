/** Words of what needs attention. */
export const attention = {
  title: 'Aandacht',
  lead: 'Waarvoor de gateway iemand verwittigt: elk voorval één keer, en opnieuw als het terugkomt. Over personen staat hier niets.',
  ways: (ways: string): string => `De gateway verwittigt via ${ways}.`,
  noWay:
    'Er is geen mailserver of webhook ingesteld. Wat hier staat, leest alleen wie deze pagina opent. De beheerder stelt dit in.',
  channels: { mail: 'mail', webhook: 'webhook' },
  none: 'Er is niets dat aandacht vraagt',
  now: (count: number): string =>
    count === 1 ? 'Eén punt vraagt nu aandacht' : `${count} punten vragen nu aandacht`,
  caption: 'Wat aandacht vraagt, het ernstigste eerst',
  captionOver: 'Wat voorbij is, het nieuwste eerst',
  severity: 'Ernst',
  severities: { alarm: 'alarm', warning: 'aandacht' },
  what: 'Wat',
  since: 'Sinds',
  ended: 'Voorbij sinds',
  told: 'Verwittigd',
  notTold: 'nog niet',
  neverTold: 'niet',
  sent: (channel: string, moment: string): string => `${channel}: ${moment}`,
  unsent: (channel: string): string => `${channel}: lukt nog niet`,
}
