// A bare Fastify whose one request never ends: what a waiting connection costs in a service on it that keeps nothing for it.

import fastify from 'fastify';

const app = fastify({ logger: false });
let waiters = 0;

app.get('/health/live', () => ({}));
app.get('/v1/locks/hot', () => ({ waiters }));
app.post('/v1/locks/:lock/leases', () => {
  waiters += 1;
  return new Promise(() => {});
});
console.log(JSON.stringify({ address: await app.listen({ host: '127.0.0.1', port: 0 }) }));
