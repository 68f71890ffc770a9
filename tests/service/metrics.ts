// Reading one number out of the Prometheus text that /metrics serves.

import type { HoldfastClient } from './client.ts';

/** The sample's value, `undefined` when there is no such sample. Labels must match exactly the ones given, others may be there. */
export async function metric(client: HoldfastClient, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  const { text } = await client.ask('GET', '/metrics');
  return sample(text, name, labels);
}

export function sample(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text.split('\n').find((candidate) => candidate.startsWith(name) && /[ {]/u.test(candidate.charAt(name.length)) && wanted.every((label) => candidate.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
