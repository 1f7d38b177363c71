export const answer = "imported";
