// PromQL: what a query selects, by Prometheus' own grammar.
//
// Owns the reading of queries. Does not own what a query must be like (linter.ts), nor whether Prometheus runs it.

import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly text: string;
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** What stands in its brackets, where it has any. */
  readonly range: string | undefined;
  /** The function that it is given to as it is. */
  readonly call: string | undefined;
}

/** Whether a query follows the grammar. */
export function isPromQl(query: string): boolean {
  let well = query.trim() !== '';
  parser.parse(query).iterate({ enter: ({ type }) => { if (type.isError) well = false; } });
  return well;
}

/** All series that a query asks for. */
export function selectors(query: string): readonly Selector[] {
  const found: Node[] = [];
  parser.parse(query).iterate({ enter: ({ name, node }) => { if (name === 'VectorSelector') found.push(node); } });
  return found.map((node) => selector(query, node));
}

function selector(query: string, node: Node): Selector {
  const textOf = (part: Node | null | undefined): string => (part ? query.slice(part.from, part.to) : '');
  const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : undefined;
  const body = (matrix ?? node).parent;
  const call = body?.name === 'FunctionCallBody' && body.parent?.name === 'FunctionCall' ? body.parent : undefined;
  return {
    text: textOf(node),
    metric: textOf(node.getChild('Identifier')),
    matchers: (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => ({
      label: textOf(matcher.getChild('LabelName')),
      operator: textOf(matcher.getChild('MatchOp')),
      value: textOf(matcher.getChild('StringLiteral')).slice(1, -1),
    })),
    range: matrix && textOf(matrix.getChild('DurationExpr')),
    call: call && textOf(call.getChild('FunctionIdentifier')),
  };
}
