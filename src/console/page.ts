import type { PageOperation } from '../access/operations.ts'
import type { Scope } from '../access/scope.ts'
import type { ConsoleDeps, Session } from './deps.ts'
import type { NavKey } from './texts/nl.ts'

/** What a page sees of a request: no framework object, so that a page is an ordinary function. */
export interface PageRequest {
  session: Session
  /** Of whom this person sees something: every read obeys it (src/access/scope.ts). */
  scope: Scope
  params: Record<string, string>
  /** Query parameters, trimmed; attacker-controlled. */
  query: Record<string, string>
  /** Form fields; attacker-controlled. The form's token is checked before a page sees it. */
  form: Record<string, string>
  at: Date
}

/** A page to draw: a template of the views folder, its title and what it needs. */
export interface Drawing {
  view: string
  title: string
  model: object
  status?: number
  /** A script of ours that the page may load, by its name among the assets; it works without. */
  script?: string
}

/** A file to keep instead of a page to draw. */
export interface Download {
  /** Its name: letters, digits, dots, dashes and underscores. */
  file: string
  /** Its media type. */
  type: string
  content: string | Buffer
}

/** Text that is sent as it comes, as server-sent events. */
export interface Feed {
  feed: AsyncIterable<string>
}

export type Answer = Drawing | Download | Feed

/** One address of the console. */
export interface Page {
  method: 'get' | 'post'
  /** Path below /console. */
  path: string
  /** What it is for: the table of rights says who may open it. */
  operation: PageOperation
  /**
   * That it shows and does no more than `request.scope` says, so that the privacy officer of one party
   * may open it; without this it is closed to her, whatever the table of rights says.
   */
  own?: true
  /** The item of the menu it belongs to. */
  nav: NavKey
  answer(deps: ConsoleDeps, request: PageRequest): Promise<Answer>
  /** A form that is not lost with its session. */
  keeps?: KeptForm
}

/** What a person typed outlives the session: nothing is done with it, it is shown again to be sent anew. */
export interface KeptForm {
  /** Names of the fields to give back; never one that may hold a national number. */
  fields: readonly string[]
  /** Draws the form with them, under the session of now. */
  again(deps: ConsoleDeps, request: PageRequest): Promise<Drawing>
}

export type Problem =
  | 'not-signed-in'
  | 'link-used'
  | 'foreign-form'
  | 'not-allowed'
  | 'not-found'
  | 'unreadable-form'
  | 'store-away'
  | 'log-unreadable'
  | 'failed'
  | 'no-role'
  | 'sign-in-failed'
  | 'provider-away'
  | 'too-many'

const STATUS: Record<Problem, number> = {
  'not-signed-in': 401,
  'link-used': 401,
  'foreign-form': 403,
  'not-allowed': 403,
  'not-found': 404,
  'unreadable-form': 400,
  'store-away': 503,
  'log-unreadable': 500,
  failed: 500,
  'no-role': 403,
  'sign-in-failed': 401,
  'provider-away': 503,
  'too-many': 429,
}

/** Ends a request with a page that explains the problem. Its message holds nothing of the input. */
export class PageProblem extends Error {
  override readonly name = 'PageProblem'
  readonly problem: Problem
  /** What a person typed before the session ended, by field. */
  readonly kept: Readonly<Record<string, string>> | undefined

  constructor(problem: Problem, kept?: Readonly<Record<string, string>>) {
    super(problem)
    this.problem = problem
    this.kept = kept
  }

  get status(): number {
    return STATUS[this.problem]
  }
}
