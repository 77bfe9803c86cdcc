/** The code of a dimension that stands for all its codes together. */
export const ALL = 'all'

/** How a hidden cell is shown, whatever the reason why it is hidden: `< 5` where the threshold is 5. */
export function markOf(threshold: number): string {
  return `< ${threshold}`
}

export type CalendarLevel = 'month' | 'quarter' | 'year'

/**
 * One way in which a table divides what it counts. A calendar has months (`2026-01`) that add up to
 * quarters (`2026-Q1`) and years (`2026`); codes add up to `all`.
 */
export type Dimension =
  | { name: string; kind: 'calendar' }
  | {
      name: string
      kind: 'codes'
      /** All that there are; left out where they come with the counts, as housing companies do. */
      codes?: readonly string[]
      /** Says something of a person: that a whole group has one code tells it of each in the group. */
      attribute?: boolean
      /** Its codes add up to nothing, as one person may be in several, or nobody adds them up: no total. */
      apart?: boolean
      /** Divides by a special category of personal data (art. 9 GDPR): the threshold is at least 10. */
      special?: boolean
    }

/** What is counted, over persons or what stands for one; the counts of disjoint cells add up. */
export interface Measure {
  id: string
  dimensions: readonly Dimension[]
  /**
   * The counts are about: noise was drawn before they came, and that one protects each person. Shown as
   * a multiple of the threshold, and hidden where the noise says so.
   */
  about?: boolean
}

/** A table as it is declared in advance; there are no others. Tables of one measure are linked. */
export interface TableDeclaration {
  id: string
  measure: string
  /** The dimensions it shows; over the others it is a total. */
  dimensions: readonly string[]
  /** Which steps of the calendar it shows. */
  levels: readonly CalendarLevel[]
}

/** A code for each dimension, by name. */
export type Dims = Readonly<Record<string, string>>

/** A true count at the finest level of its measure: a month, and a code for every other dimension. */
export interface LeafCount {
  dims: Dims
  count: number
  /** Of a measure that is `about`: hidden for a reason of its own, such as a group too small. */
  withheld?: boolean
}

/** A cell of a table as it may be shown: hidden cells are alike, whatever the reason why. */
export type ReleasedCell = { dims: Dims } & (
  | { hidden: false; value: number }
  | { hidden: true; value?: undefined }
)
