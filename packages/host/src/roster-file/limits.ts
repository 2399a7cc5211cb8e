/**
 * How much roster is read. Every limit is a bound on time: whatever the file holds, it is answered within 100 ms
 * (`bench/roster-fuzz.ts` measures it).
 */

/** Bytes of the file. */
export const MAX_ROSTER_BYTES = 256 * 1024
/** YAML tokens, spaces and line ends included: some 850 agents with four keys each. */
export const MAX_ROSTER_TOKENS = 30_000
/** Collections inside one another. A roster needs five. */
export const MAX_ROSTER_DEPTH = 32
/** `*alias` nodes. */
export const MAX_ROSTER_ALIASES = 100
/** Nodes after every alias is replaced by what it stands for. */
export const MAX_ROSTER_NODES = 50_000
/** Faults reported for one file. */
export const MAX_ROSTER_FAULTS = 50
