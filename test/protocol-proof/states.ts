import type { Signatures } from '../../src/protocol/document.ts'
import {
  type Changes,
  folderOf,
  sampleAccession,
  sampleFramework,
  signed,
} from '../protocol/sample.ts'

/** A situation of the documents, and the code that it gives; null where all is in force. */
export interface Situation {
  /** How it is made. */
  make: Changes
  /** The state that the framework, or the accession, is told to be in. */
  framework: string
  accession?: string
  /** What is told wherever the framework decides. */
  code: string | null
  /** What is told where the housing company's accession decides. */
  joined?: string
}

const unsigned = (record: Signatures) => {
  record.signatures = []
}
const unpublished = (record: Signatures) => {
  record.publication = []
}
const suspended = (record: Signatures) => {
  const from = '2026-11-21T11:59:59.000Z'
  record.suspensions.push({ from, until: null, by: 'vdab', reason: 'test' })
}
const resumed = (record: Signatures) => {
  const from = '2026-11-20T00:00:00.000Z'
  const until = '2026-11-21T12:00:00.000Z'
  record.suspensions.push({ from, until, by: 'vdab', reason: 'test' })
}
const revokedBy = (party: string, date: string) => (record: Signatures) => {
  const { digest } = record.signatures[0]!
  record.signatures.push({ party, function: 'voorzitter', date, statement: 'revoke', digest })
}
const rejectedBy = (party: string, date: string) => (record: Signatures) => {
  const { digest } = record.signatures[0]!
  record.signatures.push({ party, function: 'voorzitter', date, statement: 'reject', digest })
}

/** Every state of both documents, by name. The codes are written by hand. */
export const SITUATIONS: Readonly<Record<string, Situation>> = {
  'all in force': { make: {}, framework: 'active', accession: 'active', code: null },
  draft: {
    make: {
      framework: document => {
        document.dpoAdvice = []
      },
      frameworkRecord: unsigned,
    },
    framework: 'draft',
    code: 'HB-304',
  },
  'one officer has not advised yet': {
    make: {
      framework: document => {
        document.dpoAdvice.splice(0, 1)
      },
      frameworkRecord: unsigned,
    },
    framework: 'dpo-review',
    code: 'HB-304',
  },
  'signed without the advice of one officer': {
    make: {
      framework: document => {
        document.dpoAdvice.splice(0, 1)
      },
    },
    framework: 'dpo-review',
    code: 'HB-318',
  },
  'signed without an advice for those who accede': {
    make: {
      framework: document => {
        document.dpoAdvice.splice(1, 1)
      },
    },
    framework: 'dpo-review',
    code: 'HB-318',
  },
  'advised, not signed': {
    make: { frameworkRecord: unsigned },
    framework: 'advised',
    code: 'HB-304',
  },
  rejected: {
    make: { frameworkRecord: rejectedBy('vdab', '2025-05-13') },
    framework: 'advised',
    code: 'HB-304',
  },
  'signed, not published': {
    make: { frameworkRecord: unpublished },
    framework: 'signed',
    code: 'HB-319',
  },
  'published, not begun': {
    make: {
      framework: document => {
        document.duration.from = '2026-11-22'
      },
    },
    framework: 'published',
    code: 'HB-305',
  },
  'begins today': {
    make: {
      framework: document => {
        document.duration.from = '2026-11-21'
      },
    },
    framework: 'active',
    code: null,
  },
  'decree not in force yet': {
    make: {
      framework: document => {
        document.legalBasis[1]!.inForceFrom = '2026-11-22'
      },
    },
    framework: 'advised',
    code: 'HB-303',
  },
  'date of the decree not known': {
    make: {
      framework: document => {
        document.legalBasis[0]!.inForceFrom = null
      },
    },
    framework: 'published',
    code: 'HB-303',
  },
  suspended: { make: { frameworkRecord: suspended }, framework: 'suspended', code: 'HB-307' },
  'suspended until this instant': {
    make: { frameworkRecord: resumed },
    framework: 'active',
    code: null,
  },
  'revoked today': {
    make: { frameworkRecord: revokedBy('vdab', '2026-11-21') },
    framework: 'terminated',
    code: 'HB-306',
  },
  'ended yesterday': {
    make: {
      framework: document => {
        document.duration.until = '2026-11-20'
      },
    },
    framework: 'expired',
    code: 'HB-306',
  },
  'ends today': {
    make: {
      framework: document => {
        document.duration.until = '2026-11-21'
      },
    },
    framework: 'active',
    code: null,
  },
  'breaks a hard rule': {
    make: {
      framework: document => {
        document.recipients[0]!.name = 'Toezichthouder'
      },
    },
    framework: 'active',
    code: 'HB-317',
  },
  'replaced by a newer version': {
    make: { more: [newer(true)] },
    framework: 'active',
    // The accession still names version 1.0.0.
    accession: 'expired',
    code: null,
    joined: 'HB-304',
  },
  'two versions in force': {
    make: { more: [newer(false)] },
    framework: 'active',
    code: 'HB-320',
  },
  'accession missing': { make: { alone: true }, framework: 'active', code: null, joined: 'HB-302' },
  'accession not signed': {
    make: { accessionRecord: unsigned },
    framework: 'active',
    accession: 'advised',
    code: null,
    joined: 'HB-304',
  },
  'accession not published': {
    make: { accessionRecord: unpublished },
    framework: 'active',
    accession: 'signed',
    code: null,
    joined: 'HB-319',
  },
  'accession not begun': {
    make: {
      accession: document => {
        document.duration.from = '2026-11-22'
      },
    },
    framework: 'active',
    accession: 'published',
    code: null,
    joined: 'HB-305',
  },
  'accession suspended': {
    make: { accessionRecord: suspended },
    framework: 'active',
    accession: 'suspended',
    code: null,
    joined: 'HB-307',
  },
  'accession revoked by the housing company': {
    make: { accessionRecord: revokedBy('woonboog', '2026-11-20') },
    framework: 'active',
    accession: 'terminated',
    code: null,
    joined: 'HB-306',
  },
  'accession ended': {
    make: {
      accession: document => {
        document.duration.until = '2026-11-20'
      },
    },
    framework: 'active',
    accession: 'expired',
    code: null,
    joined: 'HB-306',
  },
  'both suspended': {
    make: { frameworkRecord: suspended, accessionRecord: suspended },
    framework: 'suspended',
    accession: 'suspended',
    code: 'HB-307',
    joined: 'HB-307',
  },
}

/** A second version of the framework, in force like the first. */
function newer(supersedes: boolean) {
  const document = sampleFramework()
  document.version = '1.1.0'
  if (supersedes) document.supersedes = '1.0.0'
  return { ...folderOf(document, signed(document)), folder: 'wm-vdab-1.1.0' }
}

/** Leefgoed's accession: a second housing company, in force whatever happens to the first. */
export function secondCompany() {
  const document = sampleAccession('leefgoed')
  return folderOf(document, signed(document))
}
