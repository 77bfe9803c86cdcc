import { RegisterError } from './register-error.ts'

/** A person of the recipient's register in one domain. */
export interface RegisteredPerson {
  /** Key of the person in this store: base64url of HMAC-SHA256(store key, digits), 16 bytes. */
  personKey: string
  /** The recipient's own reference, as given; the person key where none was. */
  ref: string
  /** Pseudonym in the domain, or in the subject index, 16 bytes. */
  tag: Buffer
  /** Secret from which row ids and row keys come, 32 bytes; empty in the subject index, which has none. */
  secret: Buffer
}

const MAX_REFERENCE_BYTES = 64
const NO_SECRET = Buffer.alloc(0)
// kind (1: a person; 2: in the subject index, without secret) · person key · tag · secret · length of the reference · reference, zero-padded
const KIND_PERSON = 1
const KIND_SUBJECT = 2
const KEY_AT = 1
const TAG_AT = 17
const SECRET_AT = 33
const LENGTH_AT = 65
const REFERENCE_AT = 66

export const PERSON_RECORD_BYTES = REFERENCE_AT + MAX_REFERENCE_BYTES

/** The 16-byte person key in a record. */
export function personKeyOf(record: Buffer): Buffer {
  return record.subarray(KEY_AT, TAG_AT)
}

/** The 16-byte tag in a record. */
export function tagOf(record: Buffer): Buffer {
  return record.subarray(TAG_AT, SECRET_AT)
}

/** The 32-byte secret in a record. */
export function secretOf(record: Buffer): Buffer {
  return record.subarray(SECRET_AT, LENGTH_AT)
}

/** @throws RegisterError reference-too-long: more than 64 bytes of UTF-8 */
export function encodePerson(person: RegisteredPerson): Buffer {
  const reference = Buffer.from(person.ref)
  if (reference.length > MAX_REFERENCE_BYTES) {
    throw new RegisterError('reference-too-long', 'a reference may have at most 64 bytes of UTF-8')
  }
  const record = Buffer.alloc(PERSON_RECORD_BYTES)
  record[0] = person.secret.length > 0 ? KIND_PERSON : KIND_SUBJECT
  Buffer.from(person.personKey, 'base64url').copy(record, KEY_AT)
  person.tag.copy(record, TAG_AT)
  person.secret.copy(record, SECRET_AT)
  record[LENGTH_AT] = reference.length
  reference.copy(record, REFERENCE_AT)
  return record
}

export function decodePerson(record: Buffer): RegisteredPerson {
  return {
    personKey: personKeyOf(record).toString('base64url'),
    ref: record.toString('utf8', REFERENCE_AT, REFERENCE_AT + record[LENGTH_AT]!),
    tag: tagOf(record),
    secret: record[0] === KIND_SUBJECT ? NO_SECRET : secretOf(record),
  }
}
