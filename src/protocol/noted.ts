import type { LoadedProtocol } from './document.ts'
import type { Remark } from './finding.ts'
import type { Notes, VerifiedStatement } from './notes.ts'
import { remarkOn } from './signature-lines.ts'

/** A document with one more finding. */
export function withRemark(protocol: LoadedProtocol, remark: Remark): LoadedProtocol {
  const { id, folder, findings } = protocol
  return {
    ...protocol,
    findings: [...findings, { severity: 'refused', protocol: id, folder, ...remark }],
  }
}

/**
 * A document with what is known besides the files: which of its statements verified, revocations that
 * the file lost, and suspensions by command or console. Pure.
 */
export function withNotes(protocol: LoadedProtocol, notes: Notes): LoadedProtocol {
  const { id, digest, presented, record } = protocol
  const verified = presented.flatMap(({ jws }) => notes.verified.get(jws) ?? [])
  const revocations = notes.revocations.filter(
    one => one.protocol === id && one.digest === digest && !verified.some(is(one)),
  )
  const suspensions = notes.suspensions
    .filter(one => one.protocol === id)
    .map(({ from, until, by, reason }) => ({ from, until, by, reason }))
  const noted: LoadedProtocol = {
    ...protocol,
    statements: [...verified, ...revocations],
    record: { ...record, suspensions: [...record.suspensions, ...suspensions] },
  }
  return presented.reduce<LoadedProtocol>((one, { jws, party }) => {
    const fault = notes.faults.get(jws)
    return fault ? withRemark(one, remarkOn(party, fault)) : one
  }, noted)
}

function is(one: VerifiedStatement): (other: VerifiedStatement) => boolean {
  return ({ statement, party, at }) =>
    statement === one.statement && party === one.party && at.getTime() === one.at.getTime()
}
