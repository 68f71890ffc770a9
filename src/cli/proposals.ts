// Proposals: what the service knows that could complete a word. A service that does not answer has nothing to propose.

import type { Holdfast } from '@holdfast/client';

const NAMES_MAX = 100;

export function lockNames(partial: string): Promise<readonly string[]> {
  return proposed(async (service) => (await service.listLocks({ prefix: partial, limit: NAMES_MAX })).locks.map(({ name }) => name));
}

export function functionNames(partial: string): Promise<readonly string[]> {
  return proposed(async (service) => (await service.listFunctions()).map(({ name }) => name).filter((name) => name.startsWith(partial)));
}

export function batchIds(partial: string): Promise<readonly string[]> {
  return proposed(async (service) => (await service.listBatches({ limit: NAMES_MAX })).batches.map(({ id }) => id).filter((id) => id.startsWith(partial)));
}

/** The client is loaded for this alone: most completions need none. */
async function proposed(ask: (service: Holdfast) => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    const { HASTY, serviceAt } = await import('./service.ts');
    return await ask(serviceAt({}, HASTY));
  } catch {
    return [];
  }
}
