import { SIGNATURE_HEADER } from '../../src/access/message-signature.ts'
import { componentRef } from './components.ts'
import type { Schema } from './types.ts'

const STANDARD_WEBHOOKS = 'Standard Webhooks 1.0'

/** Events by webhook, and the calls that an employment service offers to the gateway. */
export function webhooksOf(schemas: Map<string, Schema>): Schema {
  const variants = (schemas.get('envelope')?.['oneOf'] ?? []) as Schema[]
  const events = variants.map((variant, index) => [typeOf(variant), eventHook(variant, index)])
  return { ...Object.fromEntries(events), ...CALLS }
}

function typeOf(variant: Schema): string {
  return (variant['properties'] as { type: { const: string } }).type.const
}

function eventHook(variant: Schema, index: number): Schema {
  const example = (variant['examples'] as unknown[])[0]
  const type = typeOf(variant)
  return {
    post: {
      operationId: `on${type
        .split('.')
        .slice(2)
        .map(word => word[0]?.toUpperCase() + word.slice(1))
        .join('')}`,
      tags: ['hand-over'],
      summary: `Event ${type}`,
      description:
        'Sent to the webhook of the party. Check the signature, answer 2xx, and keep webhook-id to recognise a repetition.',
      security: [],
      parameters: [...SIGNATURE_HEADERS, messageSignature('webhook-id')],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/Envelope/oneOf/${index}` },
            example,
          },
        },
      },
      responses: {
        '2XX': { description: 'Taken' },
        '4XX': { description: 'Not taken: tried again later; 410 ends the webhook' },
        '5XX': { description: 'Not taken: tried again later' },
      },
    },
  }
}

const SIGNATURE_HEADERS = [
  header(
    'webhook-id',
    'Id of the hand-over, the same on every attempt',
    'del_01KAJ5M9B3C4D5E6F7G8H9JKMN',
  ),
  header('webhook-timestamp', 'Seconds since 1970 of this attempt', '1795253400'),
  header(
    'webhook-signature',
    `v1, and the signature (${STANDARD_WEBHOOKS})`,
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ),
]

function messageSignature(id: string): Schema {
  const description = `The gateway signs the bytes of the body: a detached JWS (RFC 7797: b64 false), alg EdDSA by a key of /.well-known/jwks.json, typ message+jws, with iss the public URL of the gateway, aud the party, htm, htu, id the ${id}, iat`
  return header(SIGNATURE_HEADER, description, 'eyJhbGciOiJFZERTQSJ9..c2lnbmF0dXJl')
}

function header(name: string, description: string, example: string): Schema {
  return { name, in: 'header', required: true, description, schema: { type: 'string' }, example }
}

/** The same content where the protocol asks for an envelope (`modalities.envelope.calls`). */
const SEALED: Schema = {
  schema: {
    type: 'string',
    description:
      'Where the protocol says so: a compact JWE for the key of the receiver (ECDH-ES, A256GCM). The protected header has the Idempotency-Key as id; inside it the body as JSON.',
  },
}

const CALLS: Schema = {
  'employment-service/detections': callOf(
    'detection-forward',
    'offerDetections',
    'POST {base}/detections',
  ),
  'employment-service/tenancies-ended': callOf(
    'tenancies-ended-forward',
    'offerTenanciesEnded',
    'POST {base}/tenancies/ended',
  ),
  'employment-service/progress': callOf(
    'progress-forward',
    'offerProgress',
    'POST {base}/progress, where the protocol lists it',
  ),
  'employment-service/messages': callOf(
    'message-forward',
    'offerMessages',
    'POST {base}/messages, where a protocol lists types without an endpoint of their own',
    ['The delivery id', 'del_01KAJ5M9B3C4D5E6F7G8H9JKMN'],
  ),
}

/** A call of the gateway to the employment service, which has to offer it. */
function callOf(
  id: string,
  operationId: string,
  summary: string,
  [key, example]: [string, string] = ['The message id', 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'],
): Schema {
  return {
    post: {
      operationId,
      tags: ['employment-service'],
      summary,
      description:
        'The gateway signs in at the token URL of the party with private_key_jwt. Answer a repeated Idempotency-Key as you did the first time.',
      security: [],
      parameters: [header('Idempotency-Key', key, example), messageSignature('Idempotency-Key')],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: componentRef(id) }, 'application/jose': SEALED },
      },
      responses: {
        '200': { description: 'Taken' },
        '202': { description: 'Taken' },
        '4XX': { description: 'Refused: parked for a person, 429 is tried again later' },
        '5XX': { description: 'Tried again later' },
      },
    },
  }
}
