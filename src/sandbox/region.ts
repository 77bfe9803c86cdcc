/** A housing company of the region, with its real number of homes. */
export interface HousingCompany {
  /** Its party id. */
  id: string
  name: string
  homes: number
}

/**
 * Real sizes, from VVSG and Wonen in Vlaanderen, Het nieuwe toewijzingsmodel, 22-05-2023, table
 * "Verdeling over woonmaatschappijen". Everything about a person in the sandbox is synthetic.
 */
export const REGION = {
  name: 'Regio Kempen',
  homes: 11_275,
  housingCompanies: [
    { id: 'de-noorderkempen', name: 'De Noorderkempen', homes: 1_597 },
    { id: 'woonboog', name: 'Woonboog', homes: 4_748 },
    { id: 'leefgoed', name: 'LeefGoed', homes: 4_930 },
  ],
} as const satisfies { name: string; homes: number; housingCompanies: HousingCompany[] }

/**
 * How people are split. Only the first has a source about tenants; the others are fictitious or a
 * proxy and must be labelled so wherever their outcome is shown.
 */
export const SHARES = {
  /** In the target group: 33,000 able but jobless of 164,500 checked (Flanders, 2023-2024). */
  targetGroup: 33_000 / 164_500,
  /**
   * In VDAB's client file: 17,541 of 40,756 living-wage clients (concept note, 2023). A proxy: no
   * figure about tenants.
   */
  registered: 0.43,
  /** Fictitious: no source gives a figure. */
  hardToReach: 0.08,
  /** Fictitious: no source gives a figure. */
  notReached: 0.03,
  /** Fictitious: people in VDAB's client file who are no social tenants, per tenant. */
  otherClients: 0.12,
} as const
