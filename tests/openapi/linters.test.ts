// The linters that users of specifications know: every rule of theirs holds for both documents, but for those that
// redocly.yaml and spectral.ts except with a reason. No rule is only a warning here.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lintFromString, loadConfig } from '@redocly/openapi-core';
import spectralCore from '@stoplight/spectral-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { RULES } from './spectral.ts';

const FOLDER = path.join(import.meta.dirname, '../../openapi');
const DOCUMENTS = ['openapi.json', 'openapi-3.1.json'];

/** What a linter has against a document: the rule and the place. */
type Lint = (name: string, document: Document) => Promise<readonly string[]>;

interface Document {
  readonly paths: Record<string, Record<string, { description?: string } | undefined> | undefined>;
}

function read(name: string): Document {
  return JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'));
}

const spectral = new spectralCore.Spectral();
const lintBySpectral: Lint = async (_name, document) => {
  const found = await spectral.run(JSON.stringify(document));
  return found.map(({ code, path: place, message }) => `${code} at ${place.join('/')}: ${message}`);
};

let redocly: Awaited<ReturnType<typeof loadConfig>>;
const lintByRedocly: Lint = async (name, document) => {
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: path.join(FOLDER, name), config: redocly });
  return found.map(({ ruleId, location, message }) => `${ruleId} at ${location[0]?.pointer}: ${message}`);
};

beforeAll(async () => {
  spectral.setRuleset(RULES);
  redocly = await loadConfig({ configPath: path.join(import.meta.dirname, 'redocly.yaml') });
});

describe.for([['Spectral', lintBySpectral], ['Redocly', lintByRedocly]] as const)('%s', { timeout: 60_000 }, ([, lint]) => {
  test.for(DOCUMENTS)('has nothing against %s', async (name) => {
    expect(await lint(name, read(name))).toEqual([]);
  });

  test('would say so if an operation had no description', async () => {
    const document = read('openapi.json');
    delete document.paths['/v1/locks']?.['post']?.description;
    expect(await lint('openapi.json', document)).toEqual([expect.stringContaining('operation-description at')]);
  });
});
