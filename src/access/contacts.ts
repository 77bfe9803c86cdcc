export const CONTACT_ROLES = ['technical', 'security', 'privacy'] as const
export type ContactRole = (typeof CONTACT_ROLES)[number]

/** Whom to call at a party: a desk or function of the organisation, never a person. */
export interface Contact {
  role: ContactRole
  /** What the desk is called. */
  name: string
  email?: string
  /** E.164, such as +3232123456. */
  phone?: string
}

const MOST = 6
const EMAIL = /^[a-z0-9][a-z0-9._+-]{0,63}@([a-z0-9-]{1,63}\.)+[a-z]{2,24}$/
const NAME = /^\p{L}[\p{L}\p{N} &/().'-]{1,79}$/u
const TITLE = /^(dhr|mevr|mvr|mw|mr|mrs|ms|meneer|mevrouw|de heer|ir|dr)\b/i
// Belgian mobile numbers, which people carry with them.
const MOBILE = /^\+324[5-9]/
const PRIVATE_MAIL =
  /@(gmail|googlemail|hotmail|outlook|live|msn|yahoo|icloud|me|telenet|skynet|proximus|scarlet|pandora|proton|protonmail|gmx)\.[a-z.]+$/
// Two words with a dot are how organisations write the addresses of people, unless one of them is a desk.
const TWO_WORDS = /^\p{L}+[._]\p{L}+@/u
const DESK =
  /(info|desk|dienst|team|support|ict|privacy|dpo|security|contact|service|beheer|noc|soc|cert|melding|huur|wonen|gegevens)/

/**
 * Reads contacts, each "role: name of the desk, e-mail or phone[, phone]".
 * @returns them, or a sentence for the operator that says what is wrong and repeats nothing
 */
export function parseContacts(texts: readonly string[]): Contact[] | { fault: string } {
  if (texts.length > MOST) return { fault: `a party has at most ${MOST} contacts` }
  const contacts: Contact[] = []
  for (const text of texts) {
    const contact = parseContact(text)
    if ('fault' in contact) return contact
    contacts.push(contact)
  }
  return contacts
}

function parseContact(text: string): Contact | { fault: string } {
  const [head = '', ...tail] = text.split(':')
  const role = CONTACT_ROLES.find(known => known === head.trim())
  const [name = '', ...ways] = tail
    .join(':')
    .split(',')
    .map(part => part.trim())
  if (!role || tail.length === 0) {
    return { fault: `a contact begins with its role (${CONTACT_ROLES.join(', ')}) and a colon` }
  }
  if (!NAME.test(name) || /\d{6}/.test(name)) {
    return { fault: 'after the role comes the name of a desk or function, 2 to 80 characters' }
  }
  if (TITLE.test(name)) return { fault: 'a contact is a desk or function, never a person' }
  return readWays({ role, name }, ways)
}

function readWays(contact: Contact, ways: string[]): Contact | { fault: string } {
  const phones = ways.filter(way => !way.includes('@')).map(way => way.replace(/[\s./()-]/g, ''))
  const emails = ways.filter(way => way.includes('@')).map(way => way.toLowerCase())
  const [email, ...moreEmails] = emails
  const [phone, ...morePhones] = phones
  if (ways.length === 0 || moreEmails.length > 0 || morePhones.length > 0) {
    return { fault: 'a contact has one e-mail address, one phone number, or both' }
  }
  const fault = faultOfEmail(email) ?? faultOfPhone(phone)
  if (fault) return { fault }
  return { ...contact, ...(email && { email }), ...(phone && { phone }) }
}

function faultOfEmail(email: string | undefined): string | undefined {
  if (email === undefined) return undefined
  if (!EMAIL.test(email)) return 'the e-mail address of a contact is not valid'
  const own = TWO_WORDS.test(email) && !DESK.test(email.split('@')[0] ?? '')
  if (!own && !PRIVATE_MAIL.test(email)) return undefined
  return "the e-mail address looks like a person's own: give that of the desk"
}

function faultOfPhone(phone: string | undefined): string | undefined {
  if (phone === undefined) return undefined
  if (!/^\+[1-9][0-9]{7,14}$/.test(phone)) return 'a phone number is as +32 3 212 34 56'
  return MOBILE.test(phone) ? "a mobile number is a person's: give that of the desk" : undefined
}
