/** Who else vouches for the audit log, as the environment says it. */
export interface WitnessEnvironment {
  HUISBRUG_WITNESSES_FILE?: string
  HUISBRUG_WITNESS_FOR_FILE?: string
  HUISBRUG_TIMESTAMP_URL?: string
  HUISBRUG_TIMESTAMP_CA_FILE?: string
}

export const WITNESS_SCHEMA = {
  HUISBRUG_WITNESSES_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_WITNESS_FOR_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_TIMESTAMP_URL: { type: 'string', pattern: '^https?://[^?#]+$' },
  HUISBRUG_TIMESTAMP_CA_FILE: { type: 'string', minLength: 1 },
} as const

/** Who else vouches for the audit log; see docs/adr/0021-witnesses.md. */
export interface WitnessSettings {
  /** The file that names the witnesses to ask. */
  askFile: string | undefined
  /** The file that names the logs that this gateway is a witness for. */
  forFile: string | undefined
  /** Where timestamps (RFC 3161) come from, and the file of certificates that vouch for these. */
  timestampUrl: string | undefined
  timestampCaFile: string | undefined
}

export function witnessOf(env: WitnessEnvironment): WitnessSettings {
  return {
    askFile: env.HUISBRUG_WITNESSES_FILE,
    forFile: env.HUISBRUG_WITNESS_FOR_FILE,
    timestampUrl: env.HUISBRUG_TIMESTAMP_URL,
    timestampCaFile: env.HUISBRUG_TIMESTAMP_CA_FILE,
  }
}
