interface Due {
  day: number
  people: number
  act: () => void
}

/**
 * The sandbox's own calendar: it stands still until somebody moves it, so that what comes after some days comes
 * when the partner is ready for it, and comes the same every time. The gateway keeps the real time.
 */
export class Clock {
  #day = 0
  #due: Due[] = []

  /** Days since the start. */
  get day(): number {
    return this.#day
  }

  /** Acts once so many days have passed; at once for none. */
  after(days: number, people: number, act: () => void): void {
    if (days === 0) act()
    else this.#due.push({ day: this.#day + days, people, act })
  }

  /** Moves on and does what is due by then, in order. */
  forward(days: number): void {
    this.#day += days
    const isDue = ({ day }: Due) => day <= this.#day
    const due = this.#due.filter(isDue).toSorted((a, b) => a.day - b.day)
    this.#due = this.#due.filter(one => !isDue(one))
    for (const { act } of due) act()
  }

  /** What still comes: for how many people, and on which day the next. */
  waiting(): { people: number; nextDay: number | undefined } {
    const days = this.#due.map(({ day }) => day)
    return {
      people: this.#due.reduce((sum, one) => sum + one.people, 0),
      nextDay: days.length > 0 ? Math.min(...days) : undefined,
    }
  }
}
