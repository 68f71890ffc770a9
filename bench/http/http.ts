// Acquire and release over HTTP: the service beside a bare Fastify.

import { output, startServer, startService, type Server } from '../children.ts';
import { inTurns, type Comparison } from '../figures.ts';

const CONNECTIONS = [64, 256];
const ROUNDS = 5;
const WARM_MS = 1_000;
const MEASURE_MS = 2_000;
/** How long V8 takes to compile what runs often, with some to spare. */
const COLD_MS = 5_000;

export async function compareHttp(): Promise<Comparison[]> {
  await using service = await startService();
  await using bare = await startServer('bench/http/bare.ts');
  for (const server of [service, bare]) await pairsPerSecond(server, Math.max(...CONNECTIONS), COLD_MS);
  const found: Comparison[] = [];
  for (const connections of CONNECTIONS) {
    await printCeiling(connections);
    const rounds = await inTurns(ROUNDS, () => pairsPerSecond(service, connections), () => pairsPerSecond(bare, connections));
    found.push({ name: `acquire + release, ${connections} connections`, beside: 'bare Fastify', ...rounds });
  }
  return found;
}

async function printCeiling(connections: number): Promise<void> {
  await using constant = await startServer('bench/http/constant.ts');
  console.log(`The load itself reaches ${Math.round(await pairsPerSecond(constant, connections))} pairs per second at ${connections} connections.`);
}

async function pairsPerSecond({ address }: Server, connections: number, measureMs = MEASURE_MS): Promise<number> {
  const told = await output(process.execPath, ['bench/http/load.ts', address, String(connections), String(WARM_MS), String(measureMs)]);
  if (typeof told !== 'object' || told === null || !('pairsPerSecond' in told)) throw new Error('the load said nothing');
  return Number(told.pairsPerSecond);
}
