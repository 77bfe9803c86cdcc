import { handOverPart } from '../handover/compare.ts'

export const part = handOverPart('redis')
