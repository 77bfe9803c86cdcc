/** Phrases of the checks of src/health*.ts, each with what it is in Dutch; the first that fits goes first. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/^going on$/, 'gaat door'],
  [/^stopped \((HB-\d+)\): /, 'gestopt ($1): '],
  [/, read only$/, ', alleen lezen'],
  [/the store does not answer/, 'de databank antwoordt niet'],
  [/at most (\d+)\.(\d) s behind/, 'loopt hoogstens $1,$2 s achter'],
  [/over (\d+) s behind/, 'loopt meer dan $1 s achter'],
  [/the replica does not answer/, 'de kopie antwoordt niet'],
  [/no replica of the primary/, 'dit is geen kopie van de hoofddatabank'],
  [/; the primary is read$/, '; er wordt uit de hoofddatabank gelezen'],
  [/the disk of the store takes more/, 'er is plaats op de schijf van de databank'],
  [/the disk of the store is full/, 'de schijf van de databank is vol'],
  [/the key provider answers/, 'het sleutelbeheer antwoordt'],
  [/the key service answers/, 'de sleuteldienst antwoordt'],
  [/the oldest entry waits (\d+) s/, 'de oudste regel wacht $1 s'],
  [/; the log is catching up/, '; de auditlog haalt in'],
  [
    /^(\d+) lines per protocol, party and day in balance$/,
    '$1 lijnen per protocol, partij en dag in balans',
  ],
  [/^out of balance: /, 'niet in balans: '],
  [/none stuck, (\d+) parked/, 'niets zit vast, $1 geparkeerd'],
  [/^stuck: /, 'zit vast: '],
  [/; (\d+) parked$/, '; $1 geparkeerd'],
  [/due and not tried/g, 'aan de beurt en niet geprobeerd'],
  [/left by a worker/g, 'achtergelaten door een proces'],
  [/due in a time to come/g, 'pas later aan de beurt dan kan'],
  [/held by nothing/g, 'aangehouden zonder reden'],
  [/answers overdue/g, 'antwoorden te laat'],
  [/^drains$/, 'loopt leeg'],
  [/^does not drain: /, 'loopt niet leeg: '],
  [/(\d+) due, (\d+) minutes/g, '$1 aan de beurt, sinds $2 minuten'],
  [/(\d+) wake-ups wait, (\d+) at work/, '$1 taken wachten, $2 bezig'],
  [
    /; (\d+) destinations have something due that nobody tries/,
    '; voor $1 bestemmingen is iets aan de beurt dat niemand probeert',
  ],
  [/; more than there are destinations/, '; meer dan er bestemmingen zijn'],
  [/^(\w+) does not answer$/, '$1 antwoordt niet'],
  [/^late, last: /, 'te laat, laatste: '],
  [/^last: ?/, 'laatste: '],
  [/^last of no day yet/, 'nog van geen enkele dag'],
  [/^last of /, 'laatste van '],
  [/; failing since /, '; lukt niet meer sinds '],
  [/ALARM, another history was seen; /, 'ALARM, er is een andere geschiedenis gezien; '],
  [/fewer than (\d+) since /, 'minder dan $1 sinds '],
  [/^(\d+) required/, '$1 gevraagd'],
  [/(\d+) s ago/g, '$1 s geleden'],
  [/none ends within 30 days/, 'geen enkele eindigt binnen 30 dagen'],
  [/encryption keys of (\S+) end /g, 'sleutels om te versleutelen van $1 eindigen op '],
  [/encryption keys of (\S+) ended /g, 'sleutels om te versleutelen van $1 eindigden op '],
  [/keys of (\S+) end /g, 'sleutels van $1 eindigen op '],
  [/keys of (\S+) ended /g, 'sleutels van $1 eindigden op '],
  [/nothing waits for one/, 'er wacht niets voor zo’n partij'],
  [/(\d+) wait for /g, '$1 wachten op '],
  [/^none is late$/, 'geen enkele is te laat'],
  [/^(\d+) have not left since /, '$1 vertrokken niet sinds '],
  [/ and (\d+) more/, ' en nog $1'],
  [/\bnever\b/g, 'nog nooit'],
]

const DO: Readonly<Record<string, string>> = {
  'Make room on the disk of PostgreSQL; it goes on by itself.':
    'Maak plaats op de schijf van PostgreSQL; daarna gaat het vanzelf verder.',
  'Look at the replica and its connection to the primary (HUISBRUG_READ_DATABASE_URL); pages and reports are read from the primary meanwhile.':
    'Kijk naar de kopie en haar verbinding met de hoofddatabank (HUISBRUG_READ_DATABASE_URL); pagina’s en rapporten komen ondertussen uit de hoofddatabank.',
  'Point the program at the primary, or let the database take writes again.':
    'Verwijs het programma naar de hoofddatabank, of laat de databank weer schrijven.',
  'See "Keys" in docs/operations.md; nothing is lost, and it goes on by itself.':
    'Zie “Keys” in docs/operations.md; er gaat niets verloren en het gaat vanzelf verder.',
  'Look at the key service and its log; see "The key service" in docs/operations.md. Nothing is lost, and it goes on by itself.':
    'Kijk naar de sleuteldienst en haar logboek; zie “The key service” in docs/operations.md. Er gaat niets verloren en het gaat vanzelf verder.',
  'Start a process with the role sequencer, and look at its log.':
    'Start een proces met de rol sequencer en kijk in zijn logboek.',
  'Start a process with the role sequencer, and look at its log; it goes on by itself.':
    'Start een proces met de rol sequencer en kijk in zijn logboek; daarna gaat het vanzelf verder.',
  'Restore a newer backup, or run huisbrug audit recover: see "Restore" in docs/operations.md.':
    'Zet een nieuwere back-up terug of voer huisbrug audit recover uit: zie “Restore” in docs/operations.md.',
  'Stop the exchange and report this: items were lost or counted twice.':
    'Stop de uitwisseling en meld dit: er zijn items verloren of dubbel geteld.',
  'A clock jumped: set it right, and see "Alarms" in docs/operations.md.':
    'Een klok versprong: zet ze juist en zie “Alarms” in docs/operations.md.',
  'Start a process with the role worker, and look at its log for "settling" and "destination".':
    'Start een proces met de rol worker en zoek in zijn logboek naar “settling” en “destination”.',
  'Start more processes with the role worker; ask the destination to answer faster, or whether it can take so much.':
    'Start meer processen met de rol worker; vraag de bestemming of ze sneller kan antwoorden, of zoveel aankan.',
  'Look at the queue engine (HUISBRUG_QUEUE_URL) and at the log of the workers. Nothing is lost: the queue is filled again from the database.':
    'Kijk naar de wachtrij (HUISBRUG_QUEUE_URL) en in het logboek van de workers. Er gaat niets verloren: de wachtrij wordt opnieuw gevuld uit de databank.',
  'Look at the log of the workers and at the checks queue and hand-overs: what parties sent is late too.':
    'Kijk in het logboek van de workers en hierboven bij de wachtrij en de overdrachten: wat partijen stuurden, is ook te laat.',
  'See "Witnesses" in docs/operations.md: find out whether an older backup was restored, or who else signs with this key.':
    'Zie “Witnesses” in docs/operations.md: zoek uit of een oudere back-up is teruggezet, of wie nog met deze sleutel ondertekent.',
  'See "Witnesses" in docs/operations.md: ask the operators of those that do not answer.':
    'Zie “Witnesses” in docs/operations.md: vraag het aan de beheerders van wie niet antwoordt.',
  'See "Timestamps" in docs/operations.md; it is tried again each minute.':
    'Zie “Timestamps” in docs/operations.md; elke minuut volgt een nieuwe poging.',
  'Ask that party for newer keys: huisbrug party rotate.':
    'Vraag die partij om nieuwe sleutels: huisbrug party rotate.',
  'Let it in again with huisbrug party enable, or end the protocol: then it is withdrawn.':
    'Laat de partij weer toe met huisbrug party enable, of beëindig het protocol: dan wordt het ingetrokken.',
  'See "Faults" in docs/attention.md, and try with huisbrug attention test.':
    'Zie “Faults” in docs/attention.md en probeer het uit met huisbrug attention test.',
}

/** What a check of the gateway says or asks to do, in Dutch; undefined where there are no words for it. Pure. */
export function healthNl(text: string): string | undefined {
  if (Object.hasOwn(DO, text)) return DO[text]
  const told = PHRASES.reduce((told, [phrase, dutch]) => told.replace(phrase, dutch), text)
  return told === text && !/^PostgreSQL [\d.]+$/.test(text) ? undefined : told
}
