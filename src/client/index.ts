export type * from './annex-1.ts'
export { type AssertionOptions, signAssertion, verifyAssertion } from './assertion.ts'
export { createClient, type HuisbrugClient } from './client.ts'
export {
  type DecryptionKeys,
  EnvelopeError,
  type EnvelopeFault,
  openCall,
  openEvent,
} from './envelope.ts'
export * from './event-types.ts'
export { type FollowOptions, followMessage, takeInbox } from './follow.ts'
export { generateEncryptionKeyPair, generateKeyPair, type KeyPair, toJwks } from './keys.ts'
export {
  gatewayKeys,
  type MessageCheck,
  MessageError,
  type MessageFault,
  type SignedMessage,
  signMessage,
  verifyMessage,
} from './message-signature.ts'
export { newNonce } from './nonce.ts'
export { HuisbrugProblem, HuisbrugUnreachable, type ProblemReason } from './problem.ts'
export type * from './public-types.ts'
export {
  type ReceiptCheck,
  type ReceiptClaims,
  ReceiptError,
  type ReceiptFault,
  verifyReceipt,
} from './receipt.ts'
export type { RetryPolicy } from './retry.ts'
export { openSeenEvents, type SeenEventsFile } from './seen-events.ts'
export type { ClientOptions } from './transport.ts'
export type * from './types.ts'
export {
  signWebhook,
  verifyWebhook,
  type WebhookCheck,
  WebhookError,
  type WebhookFault,
} from './webhook.ts'
export {
  createWebhookReceiver,
  type SeenEvents,
  type WebhookReceiver,
  webhookListener,
} from './webhook-listener.ts'
