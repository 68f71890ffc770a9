// Bugs: all mistakes that are planted, in the order in which they are listed.

import { BATCHES } from './batches.ts';
import type { PlantedBug } from './bug.ts';
import { DELIVERIES } from './deliveries.ts';
import { DURABILITY } from './durability.ts';
import { HANDS } from './hands.ts';
import { HOLDING } from './holding.ts';
import { IN_LINE } from './in-line.ts';
import { KEYS } from './keys.ts';
import { TASKS } from './tasks.ts';
import { TIME } from './time.ts';
import { TOKENS } from './tokens.ts';

export const BUGS: readonly PlantedBug[] = [...IN_LINE, ...HOLDING, ...TIME, ...KEYS, ...TOKENS, ...DURABILITY, ...TASKS, ...BATCHES, ...HANDS, ...DELIVERIES];
