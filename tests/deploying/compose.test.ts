// deploy/compose.yaml: what it says is a composition that the public schema takes, and its parts fit each other.
//
// Owns what can be seen without a container engine: names, paths, ports, variables. The image is tried by scripts/image.sh.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const FILE = path.join(PROJECT, 'deploy/compose.yaml');
const STOP_MS_MAX = 15_000;

interface Composition {
  readonly services: Readonly<Record<string, {
    readonly environment?: Readonly<Record<string, string>>;
    readonly command?: readonly string[];
    readonly ports: readonly string[];
    readonly volumes: readonly string[];
    readonly secrets?: readonly string[];
    readonly stop_grace_period?: string;
  }>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
}

const composition: Composition = parse(readFileSync(FILE, 'utf8'));
const service = (name: string) => composition.services[name]!;

// A parser knows no types: what a test goes on to read is what it expects of the file.
function parsed(file: string): ReturnType<typeof parse> {
  return parse(readFileSync(path.join(PROJECT, 'deploy', file), 'utf8'));
}

/** Where a path of a container comes from on this machine, by the service's mounts. */
function mounted(name: string, inside: string): string | undefined {
  const mount = service(name).volumes.map((text) => text.split(':')).find(([, target]) => inside === target || inside.startsWith(`${target}/`));
  return mount?.[0]?.startsWith('.') ? path.join(PROJECT, 'deploy', mount[0], inside.slice(mount[1]!.length)) : undefined;
}

describe('deploy/compose.yaml', () => {
  test('is a composition by the public schema, without a double or an unbound port', () => {
    // The order of keys and the quotes of the linter's taste are not ours.
    const taste = ['require-quotes-in-ports', 'service-dependencies-alphabetical-order', 'service-keys-order', 'service-ports-alphabetical-order', 'services-alphabetical-order', 'top-level-properties-order'];
    const linter = new DCLinter({ rules: Object.fromEntries(taste.map((rule) => [rule, 0])), quiet: true, debug: false, exclude: [] });
    const [result] = linter.lintFiles([FILE], false);
    expect(result?.messages).toEqual([]);
  });

  test('publishes everything on loopback alone', () => {
    const published = Object.values(composition.services).flatMap(({ ports }) => ports);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('gives Holdfast an environment that it starts with', () => {
    const environment = Object.fromEntries(Object.entries(service('holdfast').environment ?? {}).map(([name, value]) =>
      [name, value.replace(/^\$\{SERVICE_TOKEN:\?.*\}$/u, 'a-token-of-enough-characters')]));
    const image = readFileSync(path.join(PROJECT, 'Dockerfile'), 'utf8');
    const own = /^ENV NODE_ENV=production (?<variables>.*)$/mu.exec(image)?.groups?.['variables']?.split(' ').map((variable) => variable.split('='));
    const config = readConfig({ ...Object.fromEntries(own ?? []), ...environment });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 7420, tokens: ['a-token-of-enough-characters'], dataDir: '/data' });
    expect(service('holdfast').ports).toEqual([`127.0.0.1:${config.port}:${config.port}`]);
    expect(service('holdfast').volumes).toContain(`data:${config.dataDir}`);
  });

  test('waits longer for a stop than an orderly stop may take', () => {
    expect(service('holdfast').stop_grace_period).toMatch(/^\d+s$/u);
    expect(Number.parseInt(service('holdfast').stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(STOP_MS_MAX);
  });

  test('mounts only what is there, and names every volume', () => {
    const sources = Object.values(composition.services).flatMap(({ volumes }) => volumes.map((text) => text.split(':')[0]!));
    const missing = sources.filter((source) => (source.startsWith('.') ? !existsSync(path.join(PROJECT, 'deploy', source)) : !(source in composition.volumes)));
    expect(missing).toEqual([]);
  });
});

describe('Prometheus in it', () => {
  const config: {
    readonly scrape_configs: readonly [{ readonly authorization: { readonly credentials_file: string }; readonly static_configs: readonly [{ readonly targets: readonly string[] }] }];
  } = parsed('prometheus/compose.yml');
  const [scrape] = config.scrape_configs;

  test('asks the service by its name and port', () => {
    const [host, port] = scrape.static_configs[0].targets[0]!.split(':');
    expect(service(host ?? '').ports).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  test('reads the token that the service wants', () => {
    const secret = path.basename(scrape.authorization.credentials_file);
    expect(path.dirname(scrape.authorization.credentials_file)).toBe('/run/secrets');
    expect(service('prometheus').secrets).toEqual([secret]);
    expect(service('holdfast').environment?.['HOLDFAST_TOKENS']).toContain(`\${${composition.secrets[secret]!.environment}:?`);
  });

  test('finds its configuration where it is mounted', () => {
    const file = service('prometheus').command?.find((option) => option.startsWith('--config.file='))?.slice('--config.file='.length) ?? '';
    expect(mounted('prometheus', file)).toBe(path.join(PROJECT, 'deploy/prometheus/compose.yml'));
  });
});

describe('Grafana in it', () => {
  interface Sources { readonly apiVersion: number; readonly datasources: readonly { readonly type: string; readonly url: string; readonly isDefault: boolean }[] }
  interface Providers { readonly apiVersion: number; readonly providers: readonly { readonly type: string; readonly options: { readonly path: string } }[] }

  test('finds what it is provisioned with', () => {
    const folder = mounted('grafana', '/etc/grafana/provisioning');
    expect(folder).toBe(path.join(PROJECT, 'deploy/grafana/provisioning'));
  });

  test('has the Prometheus of the composition as its default source', () => {
    const { apiVersion, datasources }: Sources = parsed('grafana/provisioning/datasources/prometheus.yaml');
    expect({ apiVersion, datasources: datasources.map(({ type, isDefault }) => ({ type, isDefault })) })
      .toEqual({ apiVersion: 1, datasources: [{ type: 'prometheus', isDefault: true }] });
    const { hostname, port } = new URL(datasources[0]!.url);
    expect(service(hostname).ports).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  test('reads its dashboards from the folder that has them', () => {
    const { apiVersion, providers }: Providers = parsed('grafana/provisioning/dashboards/holdfast.yaml');
    expect({ apiVersion, types: providers.map(({ type }) => type) }).toEqual({ apiVersion: 1, types: ['file'] });
    expect(mounted('grafana', providers[0]!.options.path)).toBe(path.join(PROJECT, 'deploy/grafana'));
  });
});
