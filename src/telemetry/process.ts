// The metrics of the process: prom-client's own, from when it is first asked for them.

import { Registry, collectDefaultMetrics } from 'prom-client';

const registry = new Registry();
collectDefaultMetrics({ register: registry });

/** In the text format. */
export function processMetrics(): Promise<string> {
  return registry.metrics();
}
