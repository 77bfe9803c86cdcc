/** Where a rule for protocols comes from (RULES of src/protocol/lint), in Dutch. */
const SOURCES: Readonly<Record<string, string>> = {
  'The call: not taking up the offer of VDAB is not punished. Huisbrug: nothing VDAB says goes to who supervises, checks or punishes, nor to third parties':
    'De oproep: niet ingaan op het aanbod van VDAB wordt niet bestraft. Huisbrug: niets van wat VDAB zegt, gaat naar wie toezicht houdt, controleert of bestraft, of naar derden',
  'The deny list of Huisbrug, after the lists of the concept note, VIONA and the call':
    'De lijst van Huisbrug met wat nooit mag, naar de lijsten van de conceptnota, VIONA en de oproep',
  'The call, Annex 1: these categories are counted, never told of one person':
    'De oproep, bijlage 1: deze categorieën worden geteld, nooit over één persoon gezegd',
  'Huisbrug: no national number is stored or sent':
    'Huisbrug: er wordt geen rijksregisternummer bewaard of verstuurd',
  'A document refers to its own parts only': 'Een document verwijst alleen naar eigen delen',
  'What this version of Huisbrug can execute': 'Wat deze versie van Huisbrug kan uitvoeren',
  'Huisbrug: the patterns that a message type may have':
    'Huisbrug: de patronen die een soort bericht mag hebben',
  'Huisbrug: a precondition is checked on the fields of an item':
    'Huisbrug: een voorwaarde wordt nagekeken op de velden van een item',
  'Art. 8 of the e-government decree of 18 July 2008':
    'Art. 8 van het e-governmentdecreet van 18 juli 2008',
  'Art. 8 of the e-government decree of 18 July 2008; GDPR art. 6':
    'Art. 8 van het e-governmentdecreet van 18 juli 2008; AVG art. 6',
  'GDPR art. 5(1)(e): no longer than necessary': 'AVG art. 5, lid 1, e): niet langer dan nodig',
  'GDPR art. 5(1)(c): limited to what is necessary': 'AVG art. 5, lid 1, c): alleen wat nodig is',
  'GDPR art. 9 and 10': 'AVG art. 9 en 10',
  'GDPR art. 32': 'AVG art. 32',
  'Huisbrug: numbers below five can point at a person':
    'Huisbrug: aantallen onder vijf kunnen naar een persoon wijzen',
  'Huisbrug: who signs must see what was never really agreed':
    'Huisbrug: wie ondertekent, moet zien wat nooit echt is afgesproken',
  'Huisbrug: without a route nothing reaches the housing company':
    'Huisbrug: zonder route bereikt niets de woonmaatschappij',
  'Huisbrug: counts are rounded and small ones withheld':
    'Huisbrug: aantallen worden afgerond en kleine worden niet gegeven',
  'Huisbrug: D = id/major/epoch': 'Huisbrug: D = id/hoofdversie/sleutelperiode',
  'KBO: ten digits, the last two are 97 - (first eight mod 97)':
    'KBO: tien cijfers, de laatste twee zijn 97 - (de eerste acht mod 97)',
  'One housing company, one declaration of accession':
    'Eén woonmaatschappij, één verklaring van toetreding',
  'schemas/': 'schemas/',
  'schemas/common.json': 'schemas/common.json',
}

/** The source of a rule in Dutch; as it is where it is not of the lint. Pure. */
export function sourceNl(source: string): string {
  return Object.hasOwn(SOURCES, source) ? (SOURCES[source] ?? source) : source
}
