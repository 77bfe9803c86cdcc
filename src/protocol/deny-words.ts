/**
 * What no protocol may list, whatever its parties sign: the barriers, competences, situations,
 * exemption reasons, Annex 1 categories of one person, benefits, income, profile segments and free
 * text that the sources name. Parts of words without accents, in Dutch and English: Dutch compounds
 * put what a thing is last. Those of up to four letters count at the beginning of a word only.
 */
export const DENIED_DATA: readonly string[] = [
  // barriers: finances, day structure, housing, domestic relations
  ['barrier', 'drempel', 'belemmer', 'obstakel', 'obstacle', 'hindernis', 'probleem', 'problem'],
  ['financ', 'schuld', 'debt', 'indebted', 'budget', 'krediet', 'wanbetal', 'insolven'],
  ['huurachterstand', 'betalingsachterstand', 'achterstal', 'arrear', 'loonbeslag', 'afbetaling'],
  ['dagstruct', 'dagindeling', 'dagritme', 'dagelijks', 'daily', 'daystruct', 'activit'],
  ['huisvesting', 'woonprobl', 'woonomst', 'housingprob', 'housingneed', 'housingsit'],
  ['dakloos', 'thuisloos', 'homeless', 'uithuiszet', 'eviction'],
  ['domestic', 'relati', 'gezin', 'household', 'huishoud', 'famil', 'echtscheid', 'divorc'],
  ['burgerlijkestaat', 'marital', 'alleenstaand', 'singleparent', 'mantelzorg', 'caregiv'],
  // barriers: health, addiction, network, justice
  ['mental', 'psych', 'fysiek', 'physical', 'gezond', 'health', 'medisch', 'medical', 'medicat'],
  ['ziek', 'illness', 'disease', 'diagnos', 'stoornis', 'disorder', 'depress', 'burnout'],
  ['therap', 'zwanger', 'pregnan', 'welbevinden', 'wellbeing', 'hospital', 'dokter', 'doctor'],
  ['handicap', 'disab', 'invalid', 'ongeschikt', 'unfit', 'incapac', 'onbekwaam'],
  ['arbeidsbeperk', 'functiebeperk', 'impairment', 'mutualiteit'],
  ['addict', 'verslav', 'middelengebruik', 'substanceuse', 'alcohol', 'drugs', 'gokken', 'gambl'],
  ['network', 'netwerk', 'eenzaam', 'lonel', 'isolement'],
  ['justic', 'justit', 'gerecht', 'crimin', 'straf', 'veroordeel', 'convict', 'detent'],
  ['gevangen', 'prison', 'probatie', 'probation', 'parole', 'offence', 'misdrij'],
  // barriers: childcare, Dutch language, attitude, motivation
  ['childcare', 'kinderopvang', 'kinderen', 'children', 'kinderlast'],
  ['taal', 'thuistaal', 'moedertaal', 'spreektaal', 'voertaal', 'language', 'talenkennis'],
  ['nederlands', 'dutch', 'nt2', 'anderstalig', 'meertalig', 'geletterd', 'literacy', 'literate'],
  ['attitude', 'houding', 'motivat', 'motief', 'motieven', 'gemotiveerd', 'onwil', 'unwilling'],
  ['bereidwil', 'willing', 'weiger', 'refus', 'noncooperat', 'uncooperat', 'gemisteafspra'],
  ['missedappoint', 'noshow', 'afwezig', 'absence'],
  // the propeller model, competences, situations
  ['propel', 'orientat', 'context', 'competen', 'vaardigheid', 'vaardigheden', 'skill', 'situat'],
  ['scholingsgraad', 'opleidingsniveau', 'educationlevel', 'diploma', 'werkervaring'],
  ['workexperience', 'rijbewijs', 'drivinglicen', 'digitaalvaardig'],
  // exemptions and other reasons
  ['vrijstelling', 'vrijgesteld', 'exempt', 'billijkheid', 'equity', 'reason', 'reden', 'oorzaak'],
  ['cause', 'waarom', 'verantwoording', 'excuse', 'justification'],
  // benefits and income
  ['uitkering', 'benefit', 'inkomen', 'inkomst', 'income', 'loon', 'leefloon', 'salar', 'wage'],
  ['livingwage', 'nettoloon', 'brutoloon', 'maandloon', 'uurloon', 'dagloon', 'jaarloon'],
  ['minimumloon', 'wedde', 'bezoldig', 'verdienst', 'earning', 'allowance', 'tegemoetkoming'],
  ['bijstand', 'socialassist', 'pensioen', 'pension', 'vermogen', 'subsist'],
  // Annex 1 of one person, registration category, sanctions
  ['zelfstandig', 'selfemploy', 'categor', 'olderthan', 'ouderdan', 'arbeidsstatus', 'jobstatus'],
  ['employmentstatus', 'statuut', 'sanct', 'boete', 'penalty', 'huurdersverplicht', 'compliant'],
  // profiles
  ['profiel', 'profile', 'profiling', 'segment', 'score', 'scoring', 'rating', 'ranking'],
  ['afstandtot', 'distanceto', 'inzetbaar', 'employabil', 'kansengroep', 'kansarm', 'bemiddelbaar'],
  // free text
  ['opmerking', 'remark', 'comment', 'commentaar', 'notitie', 'vrijetekst', 'freetext'],
  ['toelichting', 'memo', 'bijzonderheden', 'omschrijving', 'annotat'],
].flat()

/** Denied as a whole word only: harmless inside others. */
export const DENIED_WORDS: ReadonlySet<string> = new Set([
  ...['text', 'tekst', 'note', 'notes', 'nota', 'vrij', 'fine', 'fines', 'free', 'dole'],
  ...[
    'age',
    'leeftijd',
    'talen',
    'tolk',
    'arts',
    'schoolse',
    'risk',
    'risico',
    'motive',
    'motives',
  ],
  // what one benefit or service is called for short
  ...['igu', 'ivt', 'riziv', 'ziv', 'rva', 'ggz', 'cgg', 'dsm', 'icf', 'icd', 'mmpp', 'neet'],
])

/** Words that hold a denied part and mean something else; taken out before looking. */
export const HARMLESS: readonly string[] = [
  ...['tevreden', 'optreden', 'overtreden', 'uittreden', 'toetreden', 'because', 'operating'],
  ...['fundamental', 'experimental', 'departmental', 'instrumental', 'incremental', 'supplemental'],
  ...['relatienummer', 'correlatie', 'correlation', 'gerechtigd', 'reasonable', 'wageningen'],
]

/** Words that are denied as a name, but that ordinary sentences need. */
export const ORDINARY_IN_PROSE: readonly string[] = [
  ...['waarom', 'omschrijving', 'toelichting', 'verantwoording', 'categorie', 'vrij', 'tekst'],
]

/** The categories of Annex 1 as they could be told of one person, or name a group of them. */
export const ANNEX_1_WORDS: readonly string[] = [
  ['werktof', 'aanhetwerk', 'tewerkgesteld', 'isworking', 'employed', 'zelfstandig', 'selfemploy'],
  ['ingeschreven', 'inschrijv', 'registered', 'registrationstat', 'registratiestat', 'isregist'],
  ['ouderdan', 'olderthan', '65plus', 'over65', 'gepensioneerd', 'retired'],
  ['ongeschikt', 'unfit', 'invalid', 'gehandicap', 'disabled'],
  ['voldoetaan', 'voldoetniet', 'voldoenaan', 'voldoenniet', 'notcompliant', 'huurdersverplicht'],
].flat()

/** The group that welfare offices exist for: named by a welfare office it tells nothing new. */
export const LIVING_WAGE: readonly string[] = ['leefloon', 'livingwage']

/** Who never receives: the supervisor, those who check or punish, and third parties that help. */
export const DENIED_RECIPIENTS: readonly string[] = [
  ['supervis', 'toezicht', 'toezien', 'handhav', 'enforce', 'inspect', 'controle', 'controleur'],
  ['oversight', 'surveillan', 'verbalis', 'opsporingsamb', 'naleving', 'complian', 'fraud'],
  ['sanct', 'boete', 'beboet', 'bestraf', 'repress', 'penalt', 'verplichting'],
  [
    'uitkering',
    'benefitdecision',
    'bijzondercomite',
    'obligation',
    'schorsing',
    'deurwaarder',
    'bailiff',
    'rechtbank',
    'parket',
    'tribunal',
  ],
  ['derdepartij', 'thirdpart', 'thirds', 'tierce', 'vrijwillig', 'volunteer', 'benevol'],
  ['buddy', 'maatje', 'caw', 'justit', 'politie', 'police', 'welzijnswerk', 'straathoek'],
].flat()

/** Denied recipients as a whole word only. */
export const DENIED_RECIPIENT_WORDS: ReadonlySet<string> = new Set([
  ...['derde', 'derden', 'third', 'tiers', 'rva', 'onem', 'fine', 'fines', 'amende', 'amendes'],
])

/** The welfare office: a third party, unless it is a party itself. */
export const WELFARE_OFFICE: readonly string[] = ['ocmw', 'cpas', 'welfareoffice', 'sociaalhuis']
