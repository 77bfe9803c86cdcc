/** Words of the charts of the overview. */
export const figures = {
  title: 'Cijfers',
  period: 'Periode',
  periods: { '24u': '24 uur', '7': '7 dagen', '30': '30 dagen', '365': '365 dagen' },
  wrongPeriod: 'Deze periode bestaat niet. U ziet de laatste 24 uur.',
  days: 'Een dag loopt hier van 0 tot 24 uur UTC; bij 365 dagen is elke balk een week vanaf maandag. Een dag die voorbij is, wordt geteld en opnieuw geteld zolang er nog iets van onderweg is.',
  table: 'Toon de cijfers in een tabel',
  csv: 'Bewaar als CSV',
  csvOf: (title: string): string => `Bewaar als CSV: ${title}`,
  first: { hour: 'Uur', day: 'Dag', week: 'Week vanaf' },
  summary: (counted: string, total: string, parts: string): string =>
    parts === '' ? `${counted}: ${total}.` : `${counted}: ${total}. Daarvan ${parts}.`,
  charts: {
    volume: {
      title: 'Volume: berichten',
      counted: 'Ontvangen berichten',
      note: 'Een bericht is geweigerd als geen enkel item ervan is aanvaard.',
    },
    outcome: {
      title: 'Uitkomst: items',
      counted: 'Items',
      note: 'Wat er nu van geworden is, bij het moment van ontvangst.',
    },
    latency: {
      title: 'Tijd tussen ontvangst en aflevering',
      counted: 'Afgeleverde overdrachten',
      note: 'Zonder wat volgens afspraak moest wachten: op het einde van een periode, een termijn voor bezwaar of een opschorting.',
    },
    closing: {
      title: 'Terugkoppeling: dagen tot afsluiten',
      counted: 'Afgesloten terugkoppelingen',
      note: 'Op de dag die de ontvanger noemt. Afsluiten is alleen per dag bekend: bij 24 uur ziet u gisteren en vandaag.',
    },
  },
  parts: {
    volume: ['aanvaard', 'geweigerd'],
    outcome: {
      delivered: 'afgeleverd',
      pending: 'onderweg',
      parked: 'geparkeerd',
      expired: 'vervallen',
      withdrawn: 'ingetrokken',
      refused: 'geweigerd',
    },
    latency: ['tot 10 seconden', 'tot 1 minuut', 'tot 1 uur', 'tot 1 dag', 'langer'],
    closing: ['tot 2 dagen', 'tot 7 dagen', 'tot 14 dagen', 'tot 30 dagen', 'langer'],
  },
}
