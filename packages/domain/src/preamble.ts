/** Reading the first line of a delivered message. Apart from `message.ts`, so that what runs inside a runtime loads no schemas. */

/** The id in the preamble that `text` starts with, if it does. */
export function messageIdOf(text: string): string | undefined {
  const match = /^\[\S+ -> \S+ #([0-9a-hjkmnp-tv-z]{26})\]/.exec(text)
  return match?.[1]
}
