/** What the environment says of the party whose commands run here; all absent: the profile says it. */
export interface PartnerSettings {
  /** The settings file, other than `huisbrug-partner.json` in the current folder. */
  profile: string | undefined
  gateway: string | undefined
  party: string | undefined
  /** The file with the private key: PEM (PKCS8), JWK, or the `keys.json` of `party keys`. */
  keyFile: string | undefined
}

/** Reads the settings of a party from an environment. Pure; docs/kit.md tells each. */
export function partnerOf(env: Record<string, string | undefined>): PartnerSettings {
  return {
    profile: env['HUISBRUG_PARTNER_PROFILE'] || undefined,
    gateway: env['HUISBRUG_GATEWAY_URL'] || undefined,
    party: env['HUISBRUG_PARTY'] || undefined,
    keyFile: env['HUISBRUG_PRIVATE_KEY_FILE'] || undefined,
  }
}
