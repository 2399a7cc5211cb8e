/** How an agent's process is told of its endpoint. */

/** Holds the token of its launch. */
export const TOKEN_VARIABLE = 'MOSAIC_FLEET_TOKEN'
/** Holds the URL. */
export const URL_VARIABLE = 'MOSAIC_FLEET_URL'
