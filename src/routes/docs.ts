// Docs: what the specification says of an operation beside its schemas.
//
// Owns the members that each operation must have. Does not own the document (openapi.ts).

import type { ProblemCode } from './problems.ts';
import type { Statuses } from './answers.ts';
import type { Json } from '../state/json.ts';

export type Tag = 'Locks' | 'Leases' | 'Functions' | 'Batches' | 'Operations';

export interface Example {
  readonly request?: Json;
  readonly response?: Json;
  /** Where one status shows something else. */
  readonly byStatus?: { readonly [status: string]: Json };
}

export interface OperationDocs {
  /** Problems of this operation; those that every operation may have are added. */
  readonly problems: readonly ProblemCode[];
  /** Where a code has another status than in the table of problems. */
  readonly statuses?: Statuses;
  readonly example: Example;
  /** Success is 204, and this is what it says. */
  readonly noContent?: string;
  /** Headers that the operation reads. */
  readonly headers?: readonly ('Idempotency-Key' | 'Prefer')[];
  /** Headers that its successes may have. */
  readonly answers?: readonly ('Location' | 'Preference-Applied')[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    docs?: OperationDocs;
  }

  interface FastifySchema {
    operationId?: string;
    summary?: string;
    description?: string;
    tags?: readonly string[];
    hide?: boolean;
  }
}

/** The names of an operation. */
export function operation(operationId: string, tag: Tag, summary: string, description: string) {
  return { operationId, tags: [tag], summary, description };
}
