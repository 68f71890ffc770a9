// A client that insists: it repeats a request until some process of the service has answered it.

import type { HoldfastClient } from '../client.ts';
import type { Service } from '../harness.ts';
import { pass } from '../until.ts';

export async function insist<T>(service: Service, request: (client: HoldfastClient) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request(service.client);
    } catch {
      await pass(20);
    }
  }
}

/** Says whether a load goes on, and ends it. */
export class Load {
  #going = true;

  get going(): boolean {
    return this.#going;
  }

  end(): void {
    this.#going = false;
  }
}
