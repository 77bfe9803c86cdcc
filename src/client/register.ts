export {
  type EvaluationReply,
  type OpenedRow,
  openRows,
  type PrepareOptions,
  prepareRegister,
  RegisterError,
  type RegisteredPerson,
  type RegisterPerson,
  type RegisterProgress,
  RegisterStore,
  type WireRow,
} from './blind.ts'
export { evaluateWith } from './blind-evaluation.ts'
export {
  type BlindItem,
  type BlindOptions,
  type BlindProgress,
  type BlindSending,
  blindPeople,
  type NamedPerson,
  sendBlind,
} from './blind-sender.ts'
export { type KeyPublication, type PublishedDomain, publishedKey } from './published-key.ts'
