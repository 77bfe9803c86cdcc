const PLACEHOLDER =
  /^(n\W?v\W?t|niet van toepassing|not applicable|n\W?a|none|geen|idem|zie (hierboven|boven)|onbekend|unknown|todo|to do|tbd|tbc|tba|fixme|in te vullen|invullen|nog (te bepalen|in te vullen|niet bepaald)|te bepalen|nader te bepalen|later|test|lorem ipsum.*|x+|ja|nee|nodig|noodzakelijk|necessary)$/i

const UNLIMITED =
  /\b(onbeperkte?|onbepaalde?|altijd|eeuwig|permanente?|blijvende?|voor altijd|forever|indefinite(ly)?|unlimited)\b/i

/** Whether a text is empty, only a mark, or a word that stands for nothing. Pure. */
export function saysNothing(text: string): boolean {
  const said = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim()
  return !/\p{L}{2}/u.test(said) || PLACEHOLDER.test(said.replace(/^\W+|\W+$/g, ''))
}

/** Whether a period has no end. Pure. */
export function isUnlimited(period: string): boolean {
  return UNLIMITED.test(period)
}
