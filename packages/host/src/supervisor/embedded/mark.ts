/** The mark on a session: whose it is (the fleet's home, so that two fleets on one socket never take each other's) and of which launch. */

/** A launch id has no `#`; a home may. */
export const markOf = (home: string, launchId: string): string => `${home}#${launchId}`

/** The home of the fleet that made the session; `undefined` when no fleet did. */
export function homeOfMark(mark: string): string | undefined {
  const end = mark.lastIndexOf('#')
  return end === -1 ? undefined : mark.slice(0, end)
}
