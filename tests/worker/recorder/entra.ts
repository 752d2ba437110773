/** What Entra is known to do with a refresh token that is used again; of another origin Postern has to be told. */
export const ENTRA = { AZURE_REPLAY: "old_stays_valid" };
