/** What can be wrong with a row: what it is, and what to do, in Dutch for who keeps the tenants. */
export const FAULTS = {
  'number-missing': [
    'Er staat geen rijksregisternummer.',
    'Vul het nummer in. Is het een formule of een samengevoegde cel? Zet het nummer dan zelf in elke rij.',
  ],
  'number-scientific': [
    'Excel schreef het rijksregisternummer als 1,23E+10. Daarbij gingen cijfers verloren.',
    'Maak de kolom eerst op als tekst en plak de nummers opnieuw, of lever .xlsx aan.',
  ],
  'number-zeros': [
    'Excel liet de nullen vooraan het rijksregisternummer weg.',
    'Zet de nullen terug, of voer het commando opnieuw uit met --restore-zeros.',
  ],
  'number-date': [
    'Excel las het rijksregisternummer als een datum.',
    'Maak de cel op als tekst en typ het nummer opnieuw.',
  ],
  'number-characters': [
    'In het rijksregisternummer staan andere tekens dan cijfers.',
    'Zet er alleen het nummer: elf cijfers, met of zonder punten en streepjes.',
  ],
  'number-length': ['Het rijksregisternummer heeft geen elf cijfers.', 'Kijk het nummer na.'],
  'number-check': [
    'Het controlegetal van het rijksregisternummer klopt niet.',
    'Kijk het nummer na: er is een cijfer verkeerd of omgewisseld.',
  ],
  'number-birth': [
    'Het rijksregisternummer kan niet bestaan: de geboortedatum of het volgnummer kan niet.',
    'Kijk het nummer na.',
  ],
  'number-twice': ['Deze persoon staat ook op rij {row}.', 'Laat elke persoon één keer staan.'],
  'reference-missing': [
    'Er staat geen kenmerk van de huurder.',
    'Vul het eigen kenmerk in. Is het een samengevoegde cel? Zet het dan in elke rij.',
  ],
  'reference-characters': [
    'In het kenmerk staan tekens die niet mogen.',
    'Gebruik alleen letters zonder accent, cijfers, punt, streepje en laag streepje, zonder spatie.',
  ],
  'reference-length': ['Het kenmerk is langer dan 64 tekens.', 'Gebruik een korter kenmerk.'],
  'reference-scientific': [
    'Excel schreef het kenmerk als 1,23E+10. Daarbij gingen cijfers verloren.',
    'Maak de kolom op als tekst en plak de kenmerken opnieuw.',
  ],
  'reference-date': [
    'Excel las het kenmerk als een datum.',
    'Maak de cel op als tekst en typ het kenmerk opnieuw.',
  ],
  'reference-number': [
    'In het kenmerk staat een rijksregisternummer.',
    'Gebruik een eigen kenmerk dat niet van het rijksregisternummer komt.',
  ],
  'reference-twice': [
    'Dit kenmerk staat ook op rij {row}, bij een andere persoon.',
    'Geef elke persoon een eigen kenmerk, bijvoorbeeld met -1 en -2 erachter.',
  ],
  'ground-missing': [
    'Er staat geen grond van het huurderschap.',
    'Vul in: art-6.1-1-a (huurder bij de start) of art-6.1-1-b (huurder van rechtswege).',
  ],
  'ground-unknown': [
    'De grond van het huurderschap is niet bekend.',
    'Vul in: art-6.1-1-a (huurder bij de start) of art-6.1-1-b (huurder van rechtswege).',
  ],
  formula: [
    'Er staat een formule in plaats van een waarde.',
    'Kopieer de kolom en plak ze als waarden.',
  ],
  'formula-error': [
    'De formule in de cel geeft een fout.',
    'Verbeter de formule, of zet de waarde er zelf.',
  ],
  'row-wide': [
    'De rij heeft meer kolommen dan de titels.',
    'Staat er een scheidingsteken in een naam? Zet die tussen aanhalingstekens, of lever .xlsx aan.',
  ],
  'row-other': [
    'Op deze rij staat geen huurder.',
    'Is het een titel of een totaal? Haal de rij weg.',
  ],
} as const satisfies Record<string, readonly [fault: string, remedy: string]>

export type FaultCode = keyof typeof FAULTS

/** One fault of a row; `row` is the other row that it is about. */
export interface Fault {
  code: FaultCode
  row?: number
}

/** What is wrong and what to do, in Dutch. Holds nothing of what is in the row. */
export function explainFault({ code, row = 0 }: Fault): { fault: string; remedy: string } {
  const [fault, remedy] = FAULTS[code]
  return { fault: fault.replace('{row}', String(row)), remedy }
}
