// deploy/nginx.conf: Debian's nginx, started with it in front of a real service.
//
// Owns the copy of the example that this machine can run: its ports, its certificate and the places of its logs are
// replaced; everything else is the example's own.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent as HttpsAgent, request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import type { Lease, Problem } from '../service/contract.ts';
import { freshName, sharedService, startService, type Service } from '../service/harness.ts';
import { until } from '../service/until.ts';
import { missing } from '../missing.ts';

const WITHOUT = missing({ nginx: '-v', openssl: 'version' }, 'deploy/nginx.conf, run by a real nginx');
const EXAMPLE = readFileSync(path.join(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  const address = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  if (address === null || typeof address === 'string') throw new Error('the server had no port');
  return address.port;
}

/** The text with one thing in the place of another, which has to be in it. */
function replaced(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the example has no ${from}`);
    return changed.replaceAll(from, to);
  }, text);
}

interface Reply<Body> { readonly status: number; readonly body: Body }

/** nginx in front of a service, in a folder of its own. */
class Proxy {
  readonly #agent = new HttpsAgent({ rejectUnauthorized: false, keepAlive: true });
  #dir = '';
  #process: ChildProcess | undefined;
  #port = 0;

  get accessLog(): string {
    return readFileSync(path.join(this.#dir, 'access.log'), 'utf8');
  }

  get errorLog(): string {
    return readFileSync(path.join(this.#dir, 'error.log'), 'utf8');
  }

  async start(service: Service): Promise<void> {
    this.#dir = mkdtempSync(path.join(tmpdir(), 'holdfast-test-'));
    this.#port = await freePort();
    const { host } = new URL(service.client.http.origin);
    const [certificate, key] = [path.join(this.#dir, 'certificate.pem'), path.join(this.#dir, 'key.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    writeFileSync(path.join(this.#dir, 'holdfast.conf'), replaced(EXAMPLE, {
      'server 127.0.0.1:7420': `server ${host}`,
      'listen 443 ssl': `listen 127.0.0.1:${this.#port} ssl`,
      '/etc/ssl/certs/holdfast.pem': certificate,
      '/etc/ssl/private/holdfast.key': key,
      '/var/log/nginx/holdfast.log': path.join(this.#dir, 'access.log'),
      '/var/log/nginx/holdfast-error.log': path.join(this.#dir, 'error.log'),
    }));
    writeFileSync(path.join(this.#dir, 'nginx.conf'), this.#surroundings());
    this.#process = spawn('nginx', ['-e', path.join(this.#dir, 'start.log'), '-c', path.join(this.#dir, 'nginx.conf')], { stdio: 'ignore' });
    await until('nginx serves', () => this.ask('GET', '/health/live').then(({ status }) => status === 200, () => false));
  }

  /** What Debian's own nginx.conf has around the files of conf.d, as far as it matters here. */
  #surroundings(): string {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${path.join(this.#dir, kind)};`);
    return `daemon off; pid ${path.join(this.#dir, 'pid')}; ${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1;
      events { worker_connections 256; }
      http { ${temporary.join(' ')} include ${path.join(this.#dir, 'holdfast.conf')}; }`;
  }

  ask<Body = object>(method: string, target: string, json?: object): Promise<Reply<Body>> {
    return this.open<Body>(method, target, json).reply;
  }

  /** A request that can be hung up. */
  open<Body>(method: string, target: string, json?: object): { readonly reply: Promise<Reply<Body>>; hangUp(): void } {
    const asked = request({ host: '127.0.0.1', port: this.#port, path: target, method, agent: this.#agent, headers: { host: 'localhost', ...(json && { 'content-type': 'application/json' }) } });
    const reply = new Promise<Reply<Body>>((resolve, reject) => {
      asked.once('error', reject).once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => { text += part; }).once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : undefined });
        });
      });
    });
    reply.catch(() => undefined);
    asked.end(json && JSON.stringify(json));
    return { reply, hangUp: () => { asked.destroy(); } };
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    if (this.#process?.exitCode === null) {
      const ended = new Promise((resolve) => { this.#process?.once('exit', resolve); });
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** A lock with a / in its name, as it stands in a path. */
function escaped(lock: string): string {
  return `/v1/locks/${encodeURIComponent(lock)}`;
}

/** nginx and a service of one test's own, which may end them. */
async function behindProxy(context: TestContext): Promise<{ readonly service: Service; readonly proxy: Proxy }> {
  const service = await startService(context);
  const proxy = new Proxy();
  context.onTestFinished(() => proxy.stop());
  await proxy.start(service);
  return { service, proxy };
}

describe.skipIf(WITHOUT)('deploy/nginx.conf', { timeout: 60_000 }, () => {
  const service = sharedService();
  const proxy = new Proxy();
  beforeAll(() => proxy.start(service), 30_000);
  afterAll(() => proxy.stop());

  test('a lock with a / in its name is acquired, read and released through it', async () => {
    const lock = freshName('orders/');
    const { status, body } = await proxy.ask<Lease>('POST', `${escaped(lock)}/leases`, { owner: 'through nginx' });
    expect(status).toBe(201);
    expect(body.locks).toEqual([{ name: lock, mode: 'exclusive', permits: 1 }]);
    expect((await service.client.lock(lock)).body.holders).toMatchObject([{ owner: 'through nginx' }]);
    expect((await proxy.ask('DELETE', `/v1/leases/${body.id}`)).status).toBe(204);
    expect((await service.client.lock(lock)).status).toBe(404);
  });

  test('who waits some seconds through it is answered when it is the turn', async () => {
    const lock = freshName('orders/');
    const held = await service.client.hold(lock);
    const waiting = proxy.ask<Lease>('POST', `${escaped(lock)}/leases`, { waitMs: 240_000 });
    await service.client.waitersReach(lock, 1);
    await until('three seconds of waiting', async () => (await service.client.waiters(lock)).body.waiters[0]!.waitedMs > 3_000);
    await service.client.release(held.id);
    const { status, body } = await waiting;
    expect(status).toBe(201);
    expect(body.waitedMs).toBeGreaterThan(3_000);
  });

  test('who hangs up on it leaves the line', async () => {
    const lock = freshName('orders/');
    await service.client.hold(lock);
    const waiting = proxy.open('POST', `${escaped(lock)}/leases`, { waitMs: 60_000 });
    await service.client.waitersReach(lock, 1);
    waiting.hangUp();
    await service.client.waitersReach(lock, 0);
    expect((await service.client.lock(lock)).body).toMatchObject({ state: 'locked', waiters: 0 });
  });

  test('its logs have requests about locks, and no lease id, however the path of a lease is written', async () => {
    const lock = freshName('orders/');
    const { body: { id } } = await proxy.ask<Lease>('POST', `${escaped(lock)}/leases`, { ttlMs: 60_000 });
    const spelled = [`/v1/leases/${id}`, `/v1//leases/${id}`, `/v1/%6Ceases/${id}`, `/v1/x/../leases/${id}`, `/v1/leases/${id}?waitMs=1`];
    for (const target of spelled) await proxy.ask('GET', target);
    expect((await proxy.ask('POST', `/v1/leases/${id}/renew`)).status).toBe(200);
    await proxy.ask('GET', escaped(lock));
    await until('the last request is in the log', () => proxy.accessLog.includes(`GET ${escaped(lock)} `));
    expect(proxy.accessLog).toContain(`POST ${escaped(lock)}/leases`);
    expect(proxy.accessLog + proxy.errorLog).not.toContain('lse_');
  });

  test('a batch larger than other bodies may be goes through it, and a body that is too large is refused as a problem', async () => {
    const lock = freshName('orders/');
    const large = await proxy.ask<Problem>('POST', `${escaped(lock)}/leases`, { metadata: { text: 'x'.repeat(100_000) } });
    expect(large).toMatchObject({ status: 413, body: { code: expect.any(String) } });
    const batch = await proxy.ask('POST', '/v1/batches', { function: 'no-such-function', items: ['x'.repeat(20_000_000)] });
    expect(batch).toMatchObject({ status: 422, body: { code: 'function_not_found' } });
  });
});

describe.skipIf(WITHOUT)('deploy/nginx.conf, when the service ends,', { timeout: 60_000 }, () => {
  test('a service that is not there is 502, said in the log of errors, and again without a lease id', async (context) => {
    const { service, proxy } = await behindProxy(context);
    const lock = freshName('orders/');
    const { body: { id } } = await proxy.ask<Lease>('POST', `${escaped(lock)}/leases`, { ttlMs: 60_000 });
    await service.kill();
    expect((await proxy.ask('POST', `/v1/leases/${id}/renew`)).status).toBe(502);
    expect((await proxy.ask('GET', escaped(lock))).status).toBe(502);
    await until('the log of errors has it', () => proxy.errorLog.includes(`GET ${escaped(lock)} `));
    expect(proxy.errorLog).not.toContain('lse_');
  });

  test('a request whose connection broke is not sent a second time', async (context) => {
    const { service, proxy } = await behindProxy(context);
    const lock = freshName('orders/');
    await service.client.hold(lock);
    const waiting = proxy.ask('POST', `${escaped(lock)}/leases`, { waitMs: 60_000 });
    await service.client.waitersReach(lock, 1);
    const client = await service.killAndRestart();
    expect((await waiting).status).toBe(502);
    expect((await client.lock(lock)).body.waiters).toBe(0);
  });
});
