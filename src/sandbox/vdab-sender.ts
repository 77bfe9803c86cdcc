import type { HuisbrugClient } from '../client/client.ts'
import { RetryingQueue, replyOrRefusal } from './retrying-queue.ts'
import type { AnswerBook, PlannedAnswer } from './vdab-answers.ts'

// The first answer stands: for who repeats it after a restart that is as good as accepted.
const ANSWERED_BEFORE = 'HB-502'

export type AnswerSender = RetryingQueue<PlannedAnswer>

/**
 * Sends answers and feedback until the gateway took them, a few requests at once: first the answer,
 * then the feedback about who was found. Keys and nonces come from the book, so a repeat is a repeat.
 */
export function createAnswerSender(
  client: HuisbrugClient,
  book: AnswerBook,
  onSettled: () => void,
): AnswerSender {
  const sender = new RetryingQueue<PlannedAnswer>({
    atOnce: 4,
    onSettled,
    settle: async planned => {
      if (!book.isAnswered(planned.messageId)) await sendAnswer(client, book, planned)
      if (!book.isDone(planned.messageId)) await sendFeedback(client, book, planned)
    },
  })
  sender.add(...book.open())
  return sender
}

async function sendAnswer(
  client: HuisbrugClient,
  book: AnswerBook,
  { messageId, answer, answerNonce }: PlannedAnswer,
): Promise<void> {
  const { code } = await replyOrRefusal(client.answer(messageId, answer, { nonce: answerNonce }))
  await book.answered(messageId, code === ANSWERED_BEFORE ? undefined : code)
}

async function sendFeedback(
  client: HuisbrugClient,
  book: AnswerBook,
  { messageId, feedback, feedbackNonce }: PlannedAnswer,
): Promise<void> {
  if (!feedback) return
  const options = { idempotencyKey: `feedback-${messageId}`, nonce: feedbackNonce }
  const { reply, code } = await replyOrRefusal(client.feedback(feedback, options))
  const accepted = reply?.accepted ?? 0
  const refused = feedback.items.length - accepted
  await book.fedBack(messageId, { accepted, refused, ...(code && { code }) })
}
