// Receivers: those who are owed callbacks, and what becomes of an attempt.

import type { WebhookSender } from '../../src/webhooks/attempt.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export class Receivers implements WebhookSender {
  readonly world: World;
  readonly process: Process;
  isGone = false;

  constructor(world: World, process: Process) {
    this.world = world;
    this.process = process;
  }

  send(): void {}

  gone(): void {
    this.isGone = true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
