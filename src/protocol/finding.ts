/**
 * How much a finding weighs: `refused` keeps the document from being in force whatever is signed,
 * `incomplete` says what is still missing before it can be, `warning` that it is unwise.
 */
export type Severity = 'refused' | 'incomplete' | 'warning'

/** Something that is wrong with a protocol document. */
export interface Finding {
  /** Protocol id, or the folder name where no id can be read. */
  protocol: string
  /** Folder name below the protocols folder; empty where the document came from elsewhere. */
  folder: string
  severity: Severity
  /** Stable name of the rule, such as `recipient-is-supervisor`. */
  code: string
  /** Place in the document, such as `dataElements[inkomen].field`. */
  path: string
  /** What is wrong, for people. It repeats no more of the document than names of its parts. */
  text: string
  /** Where the rule comes from. */
  source: string
}

/** What a lint rule reports; the loader adds protocol and folder, and `refused` where it says nothing. */
export type Remark = Omit<Finding, 'protocol' | 'folder' | 'severity'> & { severity?: Severity }
