// The metrics of HTTP: requests and their durations by route, method and status.
//
// Owns their names, help and buckets. The route is a template of ours, never the address that was asked for: that one
// may hold the id of a lease.

import { WAIT_SECONDS } from './bounds.ts';
import { counters, Distribution, type Labels, type Observations, type Metrics } from './series.ts';

/** Counts one request that was answered, or whose client went away. */
export type CountRequest = (status: number, seconds: number) => void;

/** What counts the requests of one route and method. */
export type CountRequests = (route: string, method: string) => CountRequest;

interface Series {
  readonly labels: Labels;
  readonly observations: Observations;
}

export function requestMetrics(metrics: Metrics): CountRequests {
  const help = 'Time from a request to the end of its answer, waiting for a lock or a batch included, in seconds.';
  const seconds = new Distribution({ name: 'holdfast_http_request_seconds', help, bounds: WAIT_SECONDS, metrics });
  const all: Series[] = [];
  counters({ name: 'holdfast_http_requests_total', help: 'Requests by route, method and status; 499 is a client that went away before its answer.', metrics },
    () => all.map(({ labels, observations }) => [labels, observations.count] as const));

  const known = new Map<string, CountRequest>();
  return (route, method) => {
    const name = `${method} ${route}`;
    let count = known.get(name);
    if (count === undefined) known.set(name, (count = counter(route, method)));
    return count;
  };

  function counter(route: string, method: string): CountRequest {
    const byStatus = new Map<number, Observations>();
    return (status, took) => {
      let observations = byStatus.get(status);
      if (observations === undefined) {
        const labels = { route, method, status: String(status) };
        observations = seconds.series(labels);
        byStatus.set(status, observations);
        all.push({ labels, observations });
      }
      observations.observe(took);
    };
  }
}
