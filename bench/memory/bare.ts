// A bare Fastify whose one request is never answered, and could be: what a waiting connection costs in any service on it. This
// one keeps nothing else for it.

import fastify from 'fastify';

const app = fastify({ logger: false });
const waiting: Record<string, ((answer: object) => void)[]> = {};

type Route = { readonly Params: { readonly lock: string } };

app.get('/health/live', () => ({}));
app.get<Route>('/v1/locks/:lock', ({ params: { lock } }) => ({ waiters: waiting[lock]?.length ?? 0 }));
app.post<Route>('/v1/locks/:lock/leases', ({ params: { lock } }) => new Promise((resolve) => { (waiting[lock] ??= []).push(resolve); }));
console.log(JSON.stringify({ address: await app.listen({ host: '127.0.0.1', port: 0 }) }));
