// Validation: what a failed check of a request's shape is called.
//
// Owns the way from a validator's finding to a problem. No finding repeats a value that the client sent.

import type { FastifyError, FastifySchemaValidationError, preValidationHookHandler } from 'fastify';
import type { Occurrence, ProblemCode } from './problems.ts';
import { Refused } from './refused.ts';

/** Where the name of a lock stands in a body. */
const NAME_PLACE = /^(?:\/name|\/operations\/\d+\/lock)$/u;
/** What a name can break, where it may be there. */
const NAME_RULES: ReadonlySet<string> = new Set(['type', 'pattern', 'maxLength']);
const POINTER_CHARS_MAX = 256;
const DECIMAL = /^-?\d{1,15}$/u;

/** Ids of the wrong form are unknown ids; only a lock's name has a rule that clients must be told. */
const PARAM_CODES: { readonly [param: string]: ProblemCode } = {
  lock: 'lock_name_invalid', lease: 'lease_not_found', batch: 'batch_not_found',
};

export function refusedShape(error: FastifyError): Refused {
  const finding = error.validation?.[0];
  if (finding === undefined) return new Refused('invalid_request');
  const path = pathOf(finding);
  const name = path.slice(1);
  if (error.validationContext === 'params') return new Refused(PARAM_CODES[name] ?? 'not_found');
  if (error.validationContext === 'querystring') return new Refused('invalid_request', { detail: `The parameter ${name} ${textOf(finding)}.` });
  return refusedBody(finding, path);
}

function refusedBody(finding: FastifySchemaValidationError, path: string): Refused {
  const code = NAME_PLACE.test(path) && NAME_RULES.has(finding.keyword) ? 'lock_name_invalid' : 'invalid_request';
  const occurrence: Occurrence = path === '' ? {} : { pointer: path };
  const subject = path === '' ? 'The body' : `The member ${path}`;
  return new Refused(code, code === 'lock_name_invalid' ? occurrence : { ...occurrence, detail: `${subject} ${textOf(finding)}.` });
}

/** A JSON pointer to the member that is wrong, missing or too much. */
function pathOf({ instancePath, params }: FastifySchemaValidationError): string {
  const member = params['additionalProperty'] ?? params['missingProperty'];
  const path = typeof member === 'string' ? `${instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}` : instancePath;
  return path.slice(0, POINTER_CHARS_MAX);
}

function textOf({ keyword, params, message }: FastifySchemaValidationError): string {
  switch (keyword) {
    case 'additionalProperties': return 'is not known';
    case 'required': return 'is missing';
    case 'enum': return `must be one of ${[params['allowedValues']].flat().join(', ')}`;
    case 'maxItems': return `may have ${String(params['limit'])} items at most`;
    case 'maxLength': return `may have ${String(params['limit'])} characters at most`;
    case 'pattern': return 'has characters that are not allowed, or none';
    default: return message ?? 'is not valid';
  }
}

/** Reads integers of a query, which are text there; anything but plain decimal stays text and fails the schema. */
export function integers(...parameters: readonly string[]): preValidationHookHandler {
  return ({ query }, _reply, done) => {
    for (const [parameter, value] of Object.entries(query ?? {})) {
      if (parameters.includes(parameter) && typeof value === 'string' && DECIMAL.test(value)) Reflect.set(query ?? {}, parameter, Number(value));
    }
    done();
  };
}
