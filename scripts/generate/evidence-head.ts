/** The handwritten part of docs/evidence.md. */
export const EVIDENCE_HEAD = `# Evidence: every kind of entry

This page is for who checks the log. Its list is written from \`schemas/audit-entry.json\` by
\`npm run generate\`; the sentences are those of the console. Why the log is as it is:
[adr/0003](adr/0003-evidence.md). How to run and check it: [operations.md](operations.md).

## What an entry is

One business event, written in the database transaction of what it tells: either both are there or
neither is. The sequencer then gives it its place in the log, and a signed checkpoint covers it within
a second. Nothing can be changed or taken out after that without showing.

The bytes of an entry are RFC 8785 canonical JSON (names in order, no spaces), at most 65,535 of them.
Its leaf in the Merkle tree is \`SHA-256(0x00 || bytes)\` (RFC 6962). So who has the bytes can compute the
leaf with any tool, and nobody can give two texts for one leaf.

| member | what it says |
| --- | --- |
| \`schema\` | version of the form, 1; there are additions only |
| \`id\` | 16 random bytes, so that no leaf can be guessed from what is known of the event |
| \`at\` | when, RFC 3339 in UTC with milliseconds |
| \`action\` | the kind, below |
| \`actor\` | who did it: a role, and the party or the session where there is one |
| \`message\` | id and type of the message it is about |
| \`protocol\` | id, version and digest of the document that decided |
| \`purpose\` | the purpose of the protocol |
| \`fields\` | the names of the fields that moved, never what was in them |
| \`counts\` | numbers by name |
| \`recipient\` | the party for which it is |
| \`decision\` | \`allowed\` or \`refused\` |
| \`rule\` | the article or schema that decided |
| \`code\` | the code of the error table |
| \`reason\` | a short phrase of the gateway's own |
| \`details\` | a salted digest of what is kept beside the entry |
| \`subjects\` | how many persons it is about, and the root over their salted commitments |

Every entry has the first five. For each kind the schema says which others it always has, which it may
have, and the names that its counts may have; whatever else is in an entry makes it invalid.

## Why no value of a payload

The log cannot forget: what is in an entry stays as long as the log does. So an entry holds names of
fields, numbers and ids, and no value that a party sent about a person, no name of a person, no national
number (one that has a right check number ends the transaction), no token and no key. What people write
themselves, such as a reason for closing a message, is beside the entry.

## What is beside it and can be erased

- **Details.** The entry holds \`SHA-256(salt || details)\`, with 32 random bytes as salt; \`audit_detail\`
  holds both. Who has them can check that they are the entry's. Once they are gone the digest says nothing:
  without the salt even a guess of the details cannot be tried.
- **Persons.** For each one \`audit_subject\` holds the gateway's own tag of the person and a salt. The
  commitment is \`SHA-256(salt || tag)\`; the entry holds their number and the RFC 6962 root over the
  commitments, in the order of the message. So it can be shown that one person is in an entry without
  showing the others.
- **Erasure** takes away details, tags and salts, not the entry. Its leaf, every proof and every checkpoint
  stay valid, as they cover the digests only. The erasure is an entry itself.

## Who checks that entries are of their kind

The gateway does not validate what it writes at run time: it would cost up to 15 % of recording many at once. The
test suite does: whenever a test ends its gateway, every entry that was written in its
database is checked against its kind, names of details included, and a test asks that every kind is
written by the code or says here why it is not.

## The kinds
`
