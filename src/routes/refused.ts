// Refused: how the edge says "no" from within parsing and checking.

import { problem, type Occurrence, type Problem, type ProblemCode } from './problems.ts';

/** Thrown or handed on by the edge's own checks; becomes the problem that it holds. Not for what the machine refuses. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly problem: Problem;
  readonly headers: { readonly [name: string]: string };

  constructor(code: ProblemCode, occurrence: Occurrence = {}, headers: { readonly [name: string]: string } = {}) {
    super(code);
    this.problem = problem(code, occurrence);
    this.headers = headers;
  }
}
