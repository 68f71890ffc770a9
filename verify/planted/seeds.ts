// Seeds: the first seed that catches each planted bug, as it was found last.
//
// Owns nothing but the table; `node verify/planted/run.ts --table` prints it anew. When the simulator draws differently
// a seed may miss its bug: the hunt then goes over all seeds.

export const SEEDS: ReadonlyMap<string, number> = new Map([
]);
