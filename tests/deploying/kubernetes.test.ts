// deploy/kubernetes.yaml: what it says is what Kubernetes' own types take, member by member, and what Holdfast needs.
//
// Owns the check without a cluster. The types come from Kubernetes' API description; the compiler refuses a member that
// they do not have, as the API server does.

import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Probe, Service } from 'kubernetes-types/core/v1.d.ts';
import { parseAllDocuments, type parse } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { freshDirectory } from '../service/harness.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const TEXT = readFileSync(path.join(PROJECT, 'deploy/kubernetes.yaml'), 'utf8');
const TYPES: Readonly<Record<string, string>> = { 'v1 Service': 'core/v1', 'apps/v1 StatefulSet': 'apps/v1' };
const STOP_S_MAX = 15;

// A parser knows no types: that the manifests are of these is what the compiler says below.
function parsed(text: string): ReturnType<typeof parse> {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

interface Manifest { readonly apiVersion: string; readonly kind: string }

/** What the compiler says about the manifests as values of Kubernetes' types; nothing when they are. */
function complaints(directory: string, text: string): string {
  const manifests: readonly Manifest[] = parsed(text);
  const program = manifests.map((manifest) => {
    const { apiVersion, kind } = manifest;
    const module = TYPES[`${apiVersion} ${kind}`];
    return `({ manifest: ${JSON.stringify(manifest)} }) satisfies { manifest: import('kubernetes-types/${module}.d.ts').${kind} };`;
  });
  writeFileSync(path.join(directory, 'manifests.ts'), `${program.join('\n')}\nexport {};\n`);
  writeFileSync(path.join(directory, 'tsconfig.json'), JSON.stringify({ extends: path.join(PROJECT, 'tsconfig.json'), compilerOptions: { types: [] }, include: ['manifests.ts'] }));
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(directory, 'node_modules'));
  const compiler = path.join(PROJECT, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [compiler, '--project', directory], { encoding: 'utf8' }).stdout;
}

describe('deploy/kubernetes.yaml', { timeout: 60_000 }, () => {
  test('is of the types that Kubernetes describes', (context) => {
    expect(complaints(freshDirectory(context), TEXT)).toBe('');
  });

  test.for([
    ['enableServiceLinks', 'enableServiceLink', '"enableServiceLink"\' does not exist'],
    ['enableServiceLinks: false', 'enableServiceLinks: "false"', "Type 'string' is not assignable to type 'boolean"],
    ['readinessProbe:', 'readyProbe:', '"readyProbe"\' does not exist'],
    ['volumeMounts:', 'mounts:', '"mounts"\' does not exist'],
  ] as const)('would be refused with %s written as %s', ([right, wrong, complaint], context) => {
    expect(TEXT).toContain(right);
    expect(complaints(freshDirectory(context), TEXT.replace(right, wrong))).toContain(complaint);
  });
});

function asked(probe: Probe | undefined): object {
  return { path: probe?.httpGet?.path, port: probe?.httpGet?.port };
}

describe('the pod of deploy/kubernetes.yaml', () => {
  const [service, set]: readonly [Service, StatefulSet] = parsed(TEXT);
  const pod = set.spec!.template.spec!;
  const container = pod.containers[0]!;
  const config = readConfig(Object.fromEntries([
    ['HOLDFAST_HOST', '0.0.0.0'],
    ...(container.env ?? []).map(({ name, value }) => [name, value ?? 'a-token-of-enough-characters'] as const),
  ]));

  test('is the only one, and the one that the Service leads to', () => {
    expect(set.spec).toMatchObject({ replicas: 1, serviceName: service.metadata?.name, selector: { matchLabels: service.spec?.selector } });
    expect(set.spec!.template.metadata?.labels).toMatchObject(service.spec!.selector!);
    expect(service.spec?.ports?.map(({ port, targetPort }) => ({ port, targetPort }))).toEqual([{ port: config.port, targetPort: container.ports![0]!.name }]);
    expect(container.ports![0]!.containerPort).toBe(config.port);
  });

  test('gets no variables of its own Service, which would take the name of the port', () => {
    expect(pod.enableServiceLinks).toBe(false);
    expect(() => readConfig({ HOLDFAST_PORT: 'tcp://10.0.0.1:7420' })).toThrow('enableServiceLinks: false');
  });

  test('has more time to stop than an orderly stop may take', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(STOP_S_MAX);
  });

  test('is asked for its health at the port and by the routes that say it', () => {
    expect(asked(container.startupProbe)).toEqual({ path: '/health/ready', port: 'http' });
    expect(asked(container.readinessProbe)).toEqual({ path: '/health/ready', port: 'http' });
    expect(asked(container.livenessProbe)).toEqual({ path: '/health/live', port: 'http' });
  });

  test('runs without rights, and writes to its volumes alone', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  test('keeps its data in the volume that outlives it', () => {
    const claims = new Set(set.spec!.volumeClaimTemplates!.map(({ metadata }) => metadata?.name));
    const mounts = container.volumeMounts!.filter(({ name }) => claims.has(name)).map(({ mountPath }) => mountPath);
    expect(mounts.filter((mount) => config.dataDir.startsWith(`${mount}/`))).toHaveLength(1);
  });
});
