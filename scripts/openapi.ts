// Writes openapi/openapi.json (3.0.3) and openapi/openapi-3.1.json from the routes: `npm run openapi`.
//
// `npm run openapi -- --released` also keeps the document as tests/openapi/released.json, by which breaking changes are told.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { EngineLoop } from '../src/engine.ts';
import { MemoryJournal } from '../src/journal/memory.ts';
import { in31 } from '../src/routes/openapi.ts';
import { State } from '../src/state/state.ts';
import { createTelemetry } from '../src/telemetry.ts';
import { VERSION } from '../src/version.ts';
import { createDestinationRule } from '../src/webhooks/destination.ts';

const { values } = parseArgs({ options: { released: { type: 'boolean', default: false } } });

const journal = new MemoryJournal();
const state = new State({ workers: 1, checksum: () => 0, tokenFloor: 0 });
const telemetry = createTelemetry(state, () => 0, { version: VERSION, durability: 'flush' });
const failed = (error: unknown): never => { throw error; };
/** Never started: routes are described without it. */
const engine = new EngineLoop({ state, journal, clock: systemClock, perform: () => undefined, observer: telemetry, failed });

const app = createApp({
  engine, telemetry, version: VERSION,
  config: { tokens: [], webhookSecrets: [], destinationRule: createDestinationRule([]) },
  payloads: { read: (ref) => journal.readPayload(ref) },
  logger: { isLevelEnabled: () => false, debug: () => undefined, error: () => undefined },
});
const document: object = (await app.inject('/openapi.json')).json();
write('openapi/openapi.json', document);
write('openapi/openapi-3.1.json', in31(document));
if (values.released) write('tests/openapi/released.json', document);
await app.close();

function write(file: string, content: object): void {
  writeFileSync(new URL(`../${file}`, import.meta.url), `${JSON.stringify(content, undefined, 2)}\n`);
}
