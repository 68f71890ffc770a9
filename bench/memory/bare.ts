// A bare Fastify whose one request is never answered, and could be: what a waiting connection costs in any service on it. This
// one keeps nothing else for it.

import fastify from 'fastify';

const app = fastify({ logger: false });
const waiting: ((answer: object) => void)[] = [];

app.get('/health/live', () => ({}));
app.get('/v1/locks/hot', () => ({ waiters: waiting.length }));
app.post('/v1/locks/:lock/leases', () => new Promise((resolve) => { waiting.push(resolve); }));
console.log(JSON.stringify({ address: await app.listen({ host: '127.0.0.1', port: 0 }) }));
