// Generated from schemas/ by scripts/generate.ts: do not edit, run "npm run generate".

/**
 * 32 random bytes, base64url, new for each message and repeated on a retry, so that a digest of the body cannot be guessed
 */
export type Nonce = string
/**
 * A real calendar date, YYYY-MM-DD
 */
export type CalendarDate = string
/**
 * Id of a message
 */
export type MessageId = string
/**
 * JSON pointer (RFC 6901) into the request body; empty for the whole
 */
export type Pointer = string
/**
 * Signed receipt: JWS in compact form (EdDSA); its payload is receipt.json
 */
export type ReceiptToken = string
/**
 * RFC 3339, UTC, with milliseconds
 */
export type Timestamp = string
/**
 * Pass as after to get the next page; null on the last
 */
export type Next = Cursor | null
/**
 * Opaque place in a list, for the query parameter after
 */
export type Cursor = string
/**
 * SHA-256, base64url without padding
 */
export type Digest = string
/**
 * Id of a party, also its OAuth client id
 */
export type PartyId = string
/**
 * Id of a framework or protocol. Messages name the framework; the accession follows from the sender
 */
export type ProtocolId = string
/**
 * Version of a document: major, minor, patch
 */
export type Version = string
/**
 * Id of a purpose in the protocol
 */
export type PurposeId = string
/**
 * Message type that the protocol lists
 */
export type MessageType = string
/**
 * What an organisation is, and so what it may call
 */
export type PartyKind = 'housing-company' | 'employment-service' | 'welfare-office'
/**
 * Chosen by the caller for each new message and repeated on a retry
 */
export type IdempotencyKey = string
/**
 * The housing company's own reference of a tenant. Must not contain a national number
 */
export type TenantRef = string
/**
 * A calendar month, YYYY-MM
 */
export type Period = string
/**
 * Id of one feedback
 */
export type FeedbackId = string
/**
 * Id of a hand-over, stable over its attempts
 */
export type DeliveryId = string
/**
 * A compact JWE (RFC 7516) for the key of the receiver: ECDH-ES, A256GCM; the protected header has the id of the event. Inside it the data as JSON
 */
export type SealedData = string
/**
 * Pseudonym of a person within a domain: 16 bytes, base64url
 */
export type Tag = string
/**
 * Id of a sealed row: 16 bytes, base64url, new every month
 */
export type RowId = string
/**
 * The gateway's own index of a person: 16 bytes, base64url without padding
 */
export type SubjectTag = string
/**
 * Secret from which the gateway makes a person's row: 32 bytes, base64url without padding. Never kept
 */
export type RowSecret = string
/**
 * ristretto255 group element: 32 bytes, base64url
 */
export type GroupElement = string
/**
 * Pseudonym domain: framework or protocol id, major version, key epoch
 */
export type DomainName = string
/**
 * What may be evaluated under: a pseudonym domain, or subject, the key of the gateway's own index of persons
 */
export type EvaluationDomain = string
/**
 * Stable code of a refusal; error-code.json lists them
 */
export type Code = string
/**
 * The rule that refuses: an article of the protocol or a schema
 */
export type Rule = string
/**
 * What the caller should do
 */
export type Remedy = string
/**
 * Why the person is a tenant: art. 6.1, 1°, (a) named at the start of the lease or (b) by operation of law, Vlaamse Codex Wonen
 */
export type TenantGround = 'art-6.1-1-a' | 'art-6.1-1-b'
/**
 * moeilijk bereikbaar or niet bereikt. No reason is ever given
 */
export type Reachability = 'hard-to-reach' | 'not-reached'
/**
 * opgenomen or afgesloten
 */
export type ProgressStatus = 'taken-up' | 'closed'
/**
 * Where a message stands
 */
export type MessageState =
  | 'accepted'
  | 'refused'
  | 'queued'
  | 'retrying'
  | 'held'
  | 'delivered'
  | 'answered'
  | 'parked'
  | 'expired'
  | 'withdrawn'
/**
 * opening: the recipient prepares its register; current: requests use it; closing: it still routes feedback; closed: its key is destroyed
 */
export type DomainState = 'opening' | 'current' | 'closing' | 'closed'
/**
 * Type of an event
 */
export type EventType =
  | 'be.huisbrug.detection.answered'
  | 'be.huisbrug.feedback.reachability'
  | 'be.huisbrug.feedback.overdue'
  | 'be.huisbrug.interaction.expired'
  | 'be.huisbrug.protocol.suspended'
  | 'be.huisbrug.protocol.resumed'
  | 'be.huisbrug.message.received'
  | 'be.huisbrug.message.answered'
  | 'be.huisbrug.message.counts'
  | 'be.huisbrug.test'
/**
 * Body of a webhook and item of the inbox (CloudEvents 1.0, structured JSON)
 */
export type Envelope =
  | DetectionAnsweredEvent
  | FeedbackReachabilityEvent
  | FeedbackOverdueEvent
  | InteractionExpiredEvent
  | ProtocolSuspendedEvent
  | ProtocolResumedEvent
  | DetectionAnsweredEvent1
  | DetectionAnsweredEvent2
  | DetectionAnsweredEvent3
  | TestEvent
/**
 * Every code of a refusal. Codes are added, never reused or renamed
 */
export type ErrorCode =
  | NoAccessToken
  | TheAccessTokenIsNotValid
  | TheAccessTokenHasExpired
  | TheTokenIsMeantForAnotherAudience
  | TheClientAssertionWasUsedBefore
  | ThePartyIsUnknownOrDisabled
  | ThisOperationIsNotOpenToThisKindOfParty
  | TheClientAssertionIsRefused
  | TheTokenRequestIsNotComplete
  | NotSignedIn
  | TheFormIsNotFromThisSession
  | TheSignInLinkWasUsedOrHasExpired
  | NoPersonIsSignedIn
  | ThisOperationIsNotOpenToTheRoleOfThisPerson
  | TheCallIsNotFromThisSession
  | ThisPersonHasNoRoleHere
  | SigningInAtTheIdentityProviderDidNotWork
  | TheIdentityProviderDoesNotAnswerAsItShould
  | TheDPoPProofIsMissingOrRefused
  | TheDPoPProofWasUsedBefore
  | TheTokenIsBoundToAnotherClientCertificate
  | TheProtocolAsksForATokenThatIsBoundToItsParty
  | TheIssuerOfTheTokenIsNotTrusted
  | TheTokenOfTheOtherIssuerIsNotValid
  | TheKeysOfTheOtherIssuerCannotBeHad
  | TheProtocolAsksForASignature
  | TheSignatureOfTheMessageIsNotOfAFormThatIsTaken
  | TheMessageIsNotSignedByThePartyOfTheToken
  | TheSignatureIsForAnotherCall
  | TheBodyIsNotJSON
  | TheBodyDoesNotFitTheSchema
  | TheBodyIsTooLarge
  | TheContentTypeIsNotSupported
  | TheIdempotencyKeyHeaderIsMissingOrMalformed
  | ThereIsNoSuchOperation
  | TheMethodIsNotAllowedHere
  | AQueryParameterIsNotValid
  | AnExplanationTakesNoNationalNumbers
  | TheBodyIsNestedTooDeepOrHoldsTooManyValues
  | ANameIsGivenTwiceInOneObjectOrIsNotAllowed
  | TheRequestCanBeReadInMoreThanOneWay
  | TheCountsContradictEachOther
  | TheProtocolIsUnknown
  | Phase1NoProtocolOpensThisExchange
  | TheDecreeIsNotInForce
  | TheProtocolIsNotSignedByAllParties
  | TheProtocolIsNotYetInForce
  | TheProtocolHasEnded
  | TheProtocolIsSuspended
  | ThePartyIsNotAPartyToThisProtocol
  | TheProtocolDoesNotAllowThisDirection
  | TheProtocolDoesNotListThisMessageType
  | TheProtocolDoesNotListThisPurposeForThisMessageType
  | TheProtocolDoesNotListThisField
  | TheMessageIsLargerThanTheProtocolAllows
  | TheTargetGroupIsNotTheOneOfTheProtocol
  | TheProtocolDoesNotGrantThisFormOfAnswer
  | TheRegisterOfTheRecipientIsNotReady
  | TheProtocolDocumentIsNotValid
  | AnAdviceOfADataProtectionOfficerIsMissing
  | TheProtocolIsNotPublished
  | TwoVersionsOfTheProtocolAreInForceAtOnce
  | TheSenderMakesThePseudonyms
  | TheNationalNumberIsNotValid
  | TheTenantReferenceContainsANationalNumber
  | TheSameTenantOccursTwiceInTheMessage
  | TheTenantWasAlreadySentForThisPeriod
  | NoCurrentRoute
  | NoCurrentTenantWithThisReference
  | ARowIdIsNotPartOfTheRequest
  | ProcessingForThisPersonIsRestricted
  | TheSameTagOccursTwiceInTheMessage
  | AnElementIsNotAValidGroupElement
  | TheSameElementOccursTwice
  | TheDomainIsUnknown
  | TheKeyEpochIsClosed
  | TheSignedParticipationOfThePersonIsMissing
  | TheParticipationOfThePersonWasWithdrawn
  | NoMessageOfTheSenderAboutThisPersonIsWaiting
  | ThePersonObjectedAfterThisAnnouncement
  | NationalNumbersAndPseudonymsAreMixed
  | TheDomainIsMissing
  | ThereIsNoSuchApprovalToDecideOnOrToUse
  | TheSecondPersonRefused
  | NobodyApprovesWhatTheyAskedThemselves
  | ProcessingForThisPersonIsRestrictedAlready
  | ProcessingForThisPersonIsNotRestricted
  | SomethingAboutThisPersonIsOnItsWayAtThisMoment
  | TheIdempotencyKeyWasUsedWithAnotherBody
  | TheRequestWasAlreadyAnswered
  | ThereIsNoSuchMessage
  | TheRequestHasExpired
  | TheAnswerIsNotBoundToThisRequest
  | ThereIsNoSuchFeedback
  | TheFeedbackCannotMoveToThisStatus
  | ThePayloadIsNoLongerKept
  | ThePeriodIsClosed
  | ThereIsNoSuchDelivery
  | NoWebhookIsSet
  | TheWebhookAddressIsNotAllowed
  | TheSecretOfThisIdempotencyKeyIsNotInUseAnyMore
  | ThisWaitsForASecondPerson
  | TooManyRequests
  | TheEvaluationQuotaIsUsedUp
  | TooManyElementsInOneRequest
  | TheDailyCeilingOfTheProtocolIsReached
  | TheGatewayHasAsMuchInHandAsItCanHold
  | TooMuchWaitsForTheRecipientAlready
  | SomethingWentWrongOnOurSide
  | EvidenceCannotBeWrittenSoNothingIsDisclosed
  | TheStoreIsNotReachable
  | TheKeyServiceIsNotReachable
  | TheKeyServiceHasDoneItsMostForToday
  | TheKeyServiceAnsweredWronglySoNothingOfItWasUsed
  | EvidenceHasNotBeenSignedForTooLongSoNothingIsDisclosed
  | TheEvidenceIsOlderThanWhatWasPublishedSoNothingIsDisclosed
  | ThisGatewayIsNoWitnessForThatLog
  | TheCheckpointDoesNotGrowFromTheOneThatWasCosigned
/**
 * HTTP 401. Fetch a token at POST /oauth/token and send it as "Authorization: Bearer …".
 */
export type NoAccessToken = 'HB-101'
/**
 * HTTP 401. Fetch a new token; do not change or build tokens yourself.
 */
export type TheAccessTokenIsNotValid = 'HB-102'
/**
 * HTTP 401. Fetch a new token; expires_in says how long one lasts.
 */
export type TheAccessTokenHasExpired = 'HB-103'
/**
 * HTTP 401. Use a token whose aud is the public URL of this gateway.
 */
export type TheTokenIsMeantForAnotherAudience = 'HB-104'
/**
 * HTTP 401. Make a new assertion with a new jti for every token request.
 */
export type TheClientAssertionWasUsedBefore = 'HB-105'
/**
 * HTTP 401. Ask the operator of the gateway to register or enable the party.
 */
export type ThePartyIsUnknownOrDisabled = 'HB-106'
/**
 * HTTP 403. See the operation list in /docs for who may call what.
 */
export type ThisOperationIsNotOpenToThisKindOfParty = 'HB-107'
/**
 * HTTP 401. Sign with a registered key; iss = sub = party id, aud = the token URL, exp - iat at most 120 s.
 */
export type TheClientAssertionIsRefused = 'HB-108'
/**
 * HTTP 400. Send grant_type, client_id, client_assertion_type and client_assertion as a form (RFC 7523).
 */
export type TheTokenRequestIsNotComplete = 'HB-109'
/**
 * HTTP 401. Open the one-time link that the gateway printed at start.
 */
export type NotSignedIn = 'HB-110'
/**
 * HTTP 403. Reload the page and try again.
 */
export type TheFormIsNotFromThisSession = 'HB-111'
/**
 * HTTP 401. Run "huisbrug console link" for a new link.
 */
export type TheSignInLinkWasUsedOrHasExpired = 'HB-112'
/**
 * HTTP 401. Sign in to the console, or send a token of "huisbrug console token" as "Authorization: Bearer …".
 */
export type NoPersonIsSignedIn = 'HB-113'
/**
 * HTTP 403. Sign in with a role that may do this; see the operation list in /docs.
 */
export type ThisOperationIsNotOpenToTheRoleOfThisPerson = 'HB-114'
/**
 * HTTP 403. Send the token of the session as X-CSRF-Token, or use a bearer token instead of the cookie.
 */
export type TheCallIsNotFromThisSession = 'HB-115'
/**
 * HTTP 403. Have the identity provider give a value that HUISBRUG_OIDC_ROLES names, then sign in again.
 */
export type ThisPersonHasNoRoleHere = 'HB-116'
/**
 * HTTP 401. Sign in again from the start, in one window; the log of the gateway says what was wrong.
 */
export type SigningInAtTheIdentityProviderDidNotWork = 'HB-117'
/**
 * HTTP 503. Try again; if it lasts, compare HUISBRUG_OIDC_ISSUER with its discovery document.
 */
export type TheIdentityProviderDoesNotAnswerAsItShould = 'HB-118'
/**
 * HTTP 401. Send a new proof with every call, signed with the key that the token was fetched with (RFC 9449).
 */
export type TheDPoPProofIsMissingOrRefused = 'HB-120'
/**
 * HTTP 401. Make a new proof with a new jti for every call.
 */
export type TheDPoPProofWasUsedBefore = 'HB-121'
/**
 * HTTP 401. Call with the client certificate that the token was fetched with.
 */
export type TheTokenIsBoundToAnotherClientCertificate = 'HB-122'
/**
 * HTTP 403. Fetch a token with a DPoP proof, or with a client certificate, as the protocol says.
 */
export type TheProtocolAsksForATokenThatIsBoundToItsParty = 'HB-123'
/**
 * HTTP 401. Use a token of this gateway, or of an issuer that its operator trusts.
 */
export type TheIssuerOfTheTokenIsNotTrusted = 'HB-124'
/**
 * HTTP 401. Fetch a new token of that issuer; do not change or build tokens yourself.
 */
export type TheTokenOfTheOtherIssuerIsNotValid = 'HB-125'
/**
 * HTTP 503. Try again later, or use a token of this gateway.
 */
export type TheKeysOfTheOtherIssuerCannotBeHad = 'HB-126'
/**
 * HTTP 403. Sign the exact bytes of the body: a detached JWS in X-JWS-Signature (docs/messages.md).
 */
export type TheProtocolAsksForASignature = 'HB-127'
/**
 * HTTP 400. Send one detached JWS (RFC 7797) as docs/messages.md has it.
 */
export type TheSignatureOfTheMessageIsNotOfAFormThatIsTaken = 'HB-128'
/**
 * HTTP 403. Sign the bytes as they are sent, with the private key whose kid is registered for the party.
 */
export type TheMessageIsNotSignedByThePartyOfTheToken = 'HB-129'
/**
 * HTTP 403. Sign every call anew: iss, aud, htm, htu, id and iat of this one.
 */
export type TheSignatureIsForAnotherCall = 'HB-130'
/**
 * HTTP 400. Send UTF-8 JSON with Content-Type application/json.
 */
export type TheBodyIsNotJSON = 'HB-201'
/**
 * HTTP 400. Compare the body with the schema named in rule.
 */
export type TheBodyDoesNotFitTheSchema = 'HB-202'
/**
 * HTTP 413. Split the message; a body holds at most 1 MiB.
 */
export type TheBodyIsTooLarge = 'HB-203'
/**
 * HTTP 415. Send Content-Type application/json.
 */
export type TheContentTypeIsNotSupported = 'HB-204'
/**
 * HTTP 400. Send a key of 1 to 64 characters from A-Z a-z 0-9 . _ - and repeat it on retry.
 */
export type TheIdempotencyKeyHeaderIsMissingOrMalformed = 'HB-205'
/**
 * HTTP 404. See /docs for the operations.
 */
export type ThereIsNoSuchOperation = 'HB-206'
/**
 * HTTP 405. See /docs for the methods of this path.
 */
export type TheMethodIsNotAllowedHere = 'HB-207'
/**
 * HTTP 400. See /docs for the parameters of this operation.
 */
export type AQueryParameterIsNotValid = 'HB-208'
/**
 * HTTP 422. Write the word "synthetic" in place of every national number.
 */
export type AnExplanationTakesNoNationalNumbers = 'HB-209'
/**
 * HTTP 400. Send at most 32 levels and 100,000 values; split the message.
 */
export type TheBodyIsNestedTooDeepOrHoldsTooManyValues = 'HB-211'
/**
 * HTTP 400. Give each name once; __proto__, constructor and prototype are no names here.
 */
export type ANameIsGivenTwiceInOneObjectOrIsNotAllowed = 'HB-212'
/**
 * HTTP 400. Send an ordinary HTTP request: a path, each header once, at most 100 of them.
 */
export type TheRequestCanBeReadInMoreThanOneWay = 'HB-213'
/**
 * HTTP 422. Count again: a part is never more than its whole, and nothing is counted before its day.
 */
export type TheCountsContradictEachOther = 'HB-219'
/**
 * HTTP 422. Use an id from GET /v1/protocols.
 */
export type TheProtocolIsUnknown = 'HB-301'
/**
 * HTTP 403. Draw up, sign and publish a protocol first; nothing about a person moves without one.
 */
export type Phase1NoProtocolOpensThisExchange = 'HB-302'
/**
 * HTTP 403. Wait until the decretal ground of the protocol is in force.
 */
export type TheDecreeIsNotInForce = 'HB-303'
/**
 * HTTP 403. Have every party sign the protocol; see its signatures.
 */
export type TheProtocolIsNotSignedByAllParties = 'HB-304'
/**
 * HTTP 403. Wait until the start date of the protocol.
 */
export type TheProtocolIsNotYetInForce = 'HB-305'
/**
 * HTTP 403. Agree on a new version or a successor.
 */
export type TheProtocolHasEnded = 'HB-306'
/**
 * HTTP 503. Try again later with the same Idempotency-Key.
 */
export type TheProtocolIsSuspended = 'HB-307'
/**
 * HTTP 403. Accede to the framework first.
 */
export type ThePartyIsNotAPartyToThisProtocol = 'HB-308'
/**
 * HTTP 403. See the message types of the protocol for sender and recipient.
 */
export type TheProtocolDoesNotAllowThisDirection = 'HB-309'
/**
 * HTTP 403. Use a message type that the protocol lists.
 */
export type TheProtocolDoesNotListThisMessageType = 'HB-310'
/**
 * HTTP 403. Name a purpose that the protocol lists for the message type.
 */
export type TheProtocolDoesNotListThisPurposeForThisMessageType = 'HB-311'
/**
 * HTTP 403. Leave out the field; the protocol lists what may be sent.
 */
export type TheProtocolDoesNotListThisField = 'HB-312'
/**
 * HTTP 403. Split the message to the ceiling of the protocol.
 */
export type TheMessageIsLargerThanTheProtocolAllows = 'HB-313'
/**
 * HTTP 403. Name the target group and version that the protocol defines.
 */
export type TheTargetGroupIsNotTheOneOfTheProtocol = 'HB-314'
/**
 * HTTP 403. Answer with counts or per person, as the protocol says.
 */
export type TheProtocolDoesNotGrantThisFormOfAnswer = 'HB-315'
/**
 * HTTP 503. Try again later with the same Idempotency-Key.
 */
export type TheRegisterOfTheRecipientIsNotReady = 'HB-316'
/**
 * HTTP 403. Run "huisbrug protocol lint" and correct the document.
 */
export type TheProtocolDocumentIsNotValid = 'HB-317'
/**
 * HTTP 403. Add the advice of the officer of every party, with a reason where it is not followed.
 */
export type AnAdviceOfADataProtectionOfficerIsMissing = 'HB-318'
/**
 * HTTP 403. Publish this very text on the site of every party and record it.
 */
export type TheProtocolIsNotPublished = 'HB-319'
/**
 * HTTP 403. Have the newer one name the older in supersedes, or revoke one of them.
 */
export type TwoVersionsOfTheProtocolAreInForceAtOnce = 'HB-320'
/**
 * HTTP 403. Send tag, secret and subjectTag instead.
 */
export type TheSenderMakesThePseudonyms = 'HB-321'
/**
 * HTTP 422. Check the number: eleven digits with a correct check number.
 */
export type TheNationalNumberIsNotValid = 'HB-401'
/**
 * HTTP 422. Use a reference of your own that is not derived from a national number.
 */
export type TheTenantReferenceContainsANationalNumber = 'HB-402'
/**
 * HTTP 422. Send each tenant and each reference once.
 */
export type TheSameTenantOccursTwiceInTheMessage = 'HB-403'
/**
 * HTTP 409. Leave out tenants that were accepted in an earlier message of the month.
 */
export type TheTenantWasAlreadySentForThisPeriod = 'HB-404'
/**
 * HTTP 422. Nothing to do: there is no housing company to which this may go now.
 */
export type NoCurrentRoute = 'HB-405'
/**
 * HTTP 422. Check the reference; a tenancy ends once.
 */
export type NoCurrentTenantWithThisReference = 'HB-406'
/**
 * HTTP 422. Answer with row ids of the request only; nothing of this answer was taken.
 */
export type ARowIdIsNotPartOfTheRequest = 'HB-407'
/**
 * HTTP 422. Do not send this person until the restriction ends.
 */
export type ProcessingForThisPersonIsRestricted = 'HB-408'
/**
 * HTTP 422. Send each tag once.
 */
export type TheSameTagOccursTwiceInTheMessage = 'HB-409'
/**
 * HTTP 422. Blind again; elements are 32 bytes, canonical, not the identity.
 */
export type AnElementIsNotAValidGroupElement = 'HB-410'
/**
 * HTTP 422. Blind each input with a fresh scalar.
 */
export type TheSameElementOccursTwice = 'HB-411'
/**
 * HTTP 422. Use a domain from GET /v1/pseudonyms/domains.
 */
export type TheDomainIsUnknown = 'HB-412'
/**
 * HTTP 409. Use the current epoch from GET /v1/pseudonyms/domains.
 */
export type TheKeyEpochIsClosed = 'HB-413'
/**
 * HTTP 422. Name the date and your reference of the document that the person signed.
 */
export type TheSignedParticipationOfThePersonIsMissing = 'HB-414'
/**
 * HTTP 422. Do not send this person again without a participation signed later.
 */
export type TheParticipationOfThePersonWasWithdrawn = 'HB-415'
/**
 * HTTP 422. Check the reference; only what is still held can be objected to.
 */
export type NoMessageOfTheSenderAboutThisPersonIsWaiting = 'HB-416'
/**
 * HTTP 422. Do not send this person again without a later announcement.
 */
export type ThePersonObjectedAfterThisAnnouncement = 'HB-417'
/**
 * HTTP 422. Send all items in one form.
 */
export type NationalNumbersAndPseudonymsAreMixed = 'HB-418'
/**
 * HTTP 422. Name the domain in which the pseudonyms were made.
 */
export type TheDomainIsMissing = 'HB-419'
/**
 * HTTP 404. Check the id: an approval is for one call, once, within a day, and not for who gave it.
 */
export type ThereIsNoSuchApprovalToDecideOnOrToUse = 'HB-420'
/**
 * HTTP 403. Talk with the second person; ask anew if need be.
 */
export type TheSecondPersonRefused = 'HB-421'
/**
 * HTTP 403. Have somebody else decide on it.
 */
export type NobodyApprovesWhatTheyAskedThemselves = 'HB-422'
/**
 * HTTP 409. Nothing to do.
 */
export type ProcessingForThisPersonIsRestrictedAlready = 'HB-423'
/**
 * HTTP 409. Check the national number; there is no restriction to lift.
 */
export type ProcessingForThisPersonIsNotRestricted = 'HB-424'
/**
 * HTTP 503. Try again in a minute: what a worker has in hand cannot be erased under it.
 */
export type SomethingAboutThisPersonIsOnItsWayAtThisMoment = 'HB-425'
/**
 * HTTP 409. Use a new key for a new message, the same key and body for a retry.
 */
export type TheIdempotencyKeyWasUsedWithAnotherBody = 'HB-501'
/**
 * HTTP 409. Nothing to do: the first answer stands.
 */
export type TheRequestWasAlreadyAnswered = 'HB-502'
/**
 * HTTP 404. Check the id; only messages of the calling party are shown.
 */
export type ThereIsNoSuchMessage = 'HB-503'
/**
 * HTTP 409. Nothing to do: the answer window of the protocol is over.
 */
export type TheRequestHasExpired = 'HB-504'
/**
 * HTTP 409. Repeat the requestDigest that came with the request.
 */
export type TheAnswerIsNotBoundToThisRequest = 'HB-505'
/**
 * HTTP 404. Check the id; only feedback for the calling party is shown.
 */
export type ThereIsNoSuchFeedback = 'HB-506'
/**
 * HTTP 409. Feedback goes forward only: open, taken-up, closed; closed is the end.
 */
export type TheFeedbackCannotMoveToThisStatus = 'HB-507'
/**
 * HTTP 410. Nothing to do: the retention of the protocol is over.
 */
export type ThePayloadIsNoLongerKept = 'HB-508'
/**
 * HTTP 409. Send new tenants with a reference date in an open period.
 */
export type ThePeriodIsClosed = 'HB-509'
/**
 * HTTP 404. Check the id; only deliveries to the calling party are shown.
 */
export type ThereIsNoSuchDelivery = 'HB-510'
/**
 * HTTP 404. Set one with PUT /v1/webhook.
 */
export type NoWebhookIsSet = 'HB-511'
/**
 * HTTP 422. Use an https address that is publicly reachable, without user name or fragment.
 */
export type TheWebhookAddressIsNotAllowed = 'HB-512'
/**
 * HTTP 409. Ask for a new secret with POST /v1/webhook/rotate and a new key.
 */
export type TheSecretOfThisIdempotencyKeyIsNotInUseAnyMore = 'HB-513'
/**
 * HTTP 409. Have a second person approve it with POST /v1/approvals/{id}, then repeat the same call with approval.
 */
export type ThisWaitsForASecondPerson = 'HB-514'
/**
 * HTTP 429. Wait for the time in Retry-After.
 */
export type TooManyRequests = 'HB-601'
/**
 * HTTP 429. Wait for the next daily allowance or ask the privacy officer for a grant.
 */
export type TheEvaluationQuotaIsUsedUp = 'HB-602'
/**
 * HTTP 413. Send at most 5,000 elements.
 */
export type TooManyElementsInOneRequest = 'HB-603'
/**
 * HTTP 429. Go on tomorrow (UTC).
 */
export type TheDailyCeilingOfTheProtocolIsReached = 'HB-604'
/**
 * HTTP 503. Try again after the time in Retry-After with the same Idempotency-Key, with fewer calls at once.
 */
export type TheGatewayHasAsMuchInHandAsItCanHold = 'HB-605'
/**
 * HTTP 503. Nothing was taken in. Try again after the time in Retry-After with the same Idempotency-Key.
 */
export type TooMuchWaitsForTheRecipientAlready = 'HB-606'
/**
 * HTTP 500. Try again with the same Idempotency-Key; report the instance if it goes on.
 */
export type SomethingWentWrongOnOurSide = 'HB-901'
/**
 * HTTP 503. Try again later with the same Idempotency-Key.
 */
export type EvidenceCannotBeWrittenSoNothingIsDisclosed = 'HB-902'
/**
 * HTTP 503. Try again later with the same Idempotency-Key.
 */
export type TheStoreIsNotReachable = 'HB-903'
/**
 * HTTP 503. Try again later with the same Idempotency-Key.
 */
export type TheKeyServiceIsNotReachable = 'HB-904'
/**
 * HTTP 503. Try again after the time in Retry-After with the same Idempotency-Key.
 */
export type TheKeyServiceHasDoneItsMostForToday = 'HB-905'
/**
 * HTTP 503. Try again later with the same Idempotency-Key; the operator has to look at the key service.
 */
export type TheKeyServiceAnsweredWronglySoNothingOfItWasUsed = 'HB-906'
/**
 * HTTP 503. Nothing was taken in. Try again after the time in Retry-After with the same Idempotency-Key.
 */
export type EvidenceHasNotBeenSignedForTooLongSoNothingIsDisclosed = 'HB-907'
/**
 * HTTP 503. Nothing was taken in. Try again later with the same Idempotency-Key; the operator has to restore the evidence.
 */
export type TheEvidenceIsOlderThanWhatWasPublishedSoNothingIsDisclosed = 'HB-908'
/**
 * HTTP 404. Ask its operator to add the origin of the log and its verifier key.
 */
export type ThisGatewayIsNoWitnessForThatLog = 'HB-909'
/**
 * HTTP 422. Send the consistency proof from the size that a 409 names; another history is never cosigned.
 */
export type TheCheckpointDoesNotGrowFromTheOneThatWasCosigned = 'HB-910'
/**
 * The signed agreement as data. The gateway executes it: what it does not list does not pass
 */
export type Protocol = ProtocolAgreement | ProtocolAccession
/**
 * An address
 */
export type ServerMetadataUrl = string
/**
 * Names
 *
 * @maxItems 100
 *
 * Items: A name
 */
export type ServerMetadataNames = string[]
/**
 * POST /v1/subjects/usage: by national number for a privacy officer, by its own reference for a housing company
 */
export type UsageRequest = UsageByNumber | UsageByReference

/**
 * POST /v1/reports/annex-1: counts only, in any phase, no protocol needed. checked <= tenants; regularised <= extraTime.tenants
 */
export interface Annex1 {
  nonce?: Nonce
  referenceDate: CalendarDate
  /**
   * Tenants in total: reference tenants and their partner or legal cohabitant
   */
  tenants: number
  /**
   * Tenants checked on the VDAB obligation
   */
  checked: number
  /**
   * Compliant tenants, by category; the source does not say that the categories exclude each other
   */
  compliant: {
    /**
     * werkt of is zelfstandige
     */
    worksOrSelfEmployed: number
    /**
     * is ingeschreven bij VDAB
     */
    registeredWithVdab: number
    /**
     * is ouder dan 65
     */
    olderThan65: number
    /**
     * is arbeidsongeschikt, invalide of ernstig gehandicapt
     */
    unfitForWork: number
    /**
     * ontvangt een leefloon
     */
    livingWage: number
  }
  /**
   * voldoen niet aan de huurdersverplichting
   */
  notCompliant: number
  /**
   * Extra time given to comply
   */
  extraTime: {
    /**
     * Whether extra time was given
     */
    given: boolean
    /**
     * How long, in days
     */
    days?: number
    /**
     * To how many tenants
     */
    tenants: number
    /**
     * How many of those complied in that time
     */
    regularised: number
  }
  /**
   * Files passed to the supervisor before
   */
  passedToSupervisor: number
}
/**
 * 202 of POST /v1/reports/annex-1
 */
export interface Annex1Accepted {
  messageId: MessageId
  referenceDate?: CalendarDate
  /**
   * What looks odd but is not refused
   *
   * @minItems 0
   * @maxItems 20
   */
  warnings: Annex1Warning[]
  receipt: ReceiptToken
}
/**
 * What looks odd in Annex 1 but is not refused
 */
export interface Annex1Warning {
  pointer: Pointer
  /**
   * What would be expected
   */
  rule?: 'sum = checked' | 'given = false' | 'given = true'
  /**
   * What looks odd
   */
  text: string
}
/**
 * GET /v1/reports/annex-1: what the calling housing company reported, exact, with what a newer report of the same day replaced
 */
export interface Annex1Reports {
  /**
   * Newest first
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: One report
   */
  items: {
    messageId: MessageId
    reportedAt: Timestamp
    report: Annex1
    /**
     * What looks odd but was not refused
     *
     * @minItems 0
     * @maxItems 20
     */
    warnings: Annex1Warning[]
    replacedBy?: MessageId
  }[]
  next: Next
}
/**
 * POST /v1/approvals/{id}
 */
export interface ApprovalDecision {
  /**
   * What the second person says
   */
  decision: 'given' | 'refused'
  /**
   * Why, in words, without a national number
   */
  reason?: string
}
/**
 * GET /v1/approvals
 */
export interface Approvals {
  /**
   * The oldest first; no person concerned is named
   *
   * @minItems 0
   * @maxItems 10000
   *
   * Items: One act that waits
   */
  items: {
    /**
     * Of this request
     */
    id: string
    /**
     * What is to be done
     */
    operation: 'subject-usage' | 'subject-restrict' | 'subject-erase' | 'parked'
    /**
     * For parked: the messages, or hand-overs of no message, that are to be released
     *
     * @minItems 1
     * @maxItems 1000
     */
    messages?: string[]
    /**
     * Why, in the words of who asks
     */
    reason: string
    /**
     * Role of who asks
     */
    askedRole: string
    /**
     * Session or user who asks
     */
    askedBy: string
    askedAt: Timestamp
    expiresAt: Timestamp
  }[]
}
/**
 * GET /v1/audit/entries
 */
export interface AuditEntries {
  /**
   * Newest first
   *
   * @minItems 0
   * @maxItems 1000
   */
  items: AuditEntriesPlaced[]
  next: Next
}
/**
 * An entry with its place in the log
 */
export interface AuditEntriesPlaced {
  /**
   * Place in the log, from 0
   */
  index: number
  commitment: Digest
  entry: AuditEntry
}
/**
 * One entry of the audit log, written as RFC 8785 canonical JSON of at most 65,535 bytes. It holds no value of a payload, no name and no national number
 */
export interface AuditEntry {
  /**
   * Version of this form
   */
  schema: 1
  /**
   * 16 random bytes, base64url
   */
  id: string
  at: Timestamp
  /**
   * What happened. Kinds are added over time: bear one that you do not know
   */
  action:
    | 'message.accepted'
    | 'message.refused'
    | 'message.forwarding'
    | 'message.delivered'
    | 'message.retrying'
    | 'message.parked'
    | 'message.replay-failed'
    | 'message.held'
    | 'message.resumed'
    | 'message.expired'
    | 'message.withdrawn'
    | 'message.answered'
    | 'feedback.progress'
    | 'feedback.overdue'
    | 'counts.released'
    | 'tenancy.ended'
    | 'period.closed'
    | 'protocol.in-force'
    | 'protocol.changed'
    | 'protocol.suspended'
    | 'protocol.resumed'
    | 'protocol.broken'
    | 'protocol.signed'
    | 'key.created'
    | 'key.ready'
    | 'key.rotated'
    | 'key.closed'
    | 'key.rewrapped'
    | 'key.moved'
    | 'quota.used'
    | 'quota.refused'
    | 'quota.granted'
    | 'quota.burst'
    | 'quota.reviewed'
    | 'access.token'
    | 'access.refused'
    | 'console.signed-in'
    | 'console.session-ended'
    | 'console.viewed'
    | 'console.verified'
    | 'party.added'
    | 'party.changed'
    | 'party.disabled'
    | 'webhook.changed'
    | 'exception.opened'
    | 'exception.closed'
    | 'exception.reviewed'
    | 'program.started'
    | 'program.stopped'
    | 'balance.daily'
    | 'subject.requested'
    | 'subject.extended'
    | 'subject.answered'
    | 'subject.searched'
    | 'subject.restricted'
    | 'subject.released'
    | 'subject.erased'
    | 'audit.read'
    | 'audit.exported'
    | 'report.made'
    | 'approval.asked'
    | 'approval.given'
    | 'approval.refused'
    | 'disclosure.stopped'
    | 'disclosure.resumed'
    | 'log.unwitnessed'
    | 'log.recovered'
    | 'retention.dropped'
  /**
   * Who did it
   */
  actor: {
    /**
     * Kind of party, role of a person, or gateway
     */
    role: string
    party?: PartyId
    /**
     * Client or session that was used; never a token
     */
    client?: string
  }
  /**
   * The message it is about
   */
  message?: {
    /**
     * Id of a message, feedback, delivery or request
     */
    id: string
    /**
     * Message type
     */
    type: string
  }
  /**
   * The protocol document that decided
   */
  protocol?: {
    id: ProtocolId
    /**
     * Its version
     */
    version: string
    digest: Digest
  }
  /**
   * Purpose id in the protocol
   */
  purpose?: string
  /**
   * Names of the fields that moved
   *
   * @maxItems 100
   *
   * Items: Field name
   */
  fields?: string[]
  /**
   * Numbers by name
   */
  counts?: {
    /**
     * A whole number
     */
    [k: string]: number
  }
  recipient?: PartyId
  /**
   * What was decided
   */
  decision?: 'allowed' | 'refused'
  /**
   * Article of the protocol, or schema, that decided
   */
  rule?: string
  /**
   * Code of the error table, or of a cause
   */
  code?: string
  /**
   * A code or short phrase of the gateway's own; words of a person are in the details
   */
  reason?: string
  details?: Digest
  /**
   * The persons it is about
   */
  subjects?: {
    /**
     * How many
     */
    count: number
    root: Digest
  }
}
/**
 * GET /v1/audit/entries/{index}
 */
export interface AuditEntryReply {
  /**
   * Place in the log, from 0
   */
  index: number
  commitment: Digest
  entry: AuditEntry
  /**
   * The text of a C2SP tlog-proof@v1 file: the proof that the entry is in the log, with a published checkpoint; null where none covers it yet
   */
  proof: string | null
}
/**
 * The target group of the protocol, by id and version of its criterion
 */
export interface TargetGroup {
  /**
   * Id of the target group in the protocol
   */
  id: string
  /**
   * Version of its criterion
   */
  version: string
}
/**
 * One reason of a refusal. It never repeats a value of the request
 */
export interface Reason {
  pointer: Pointer
  code: Code
  rule: Rule
  remedy: Remedy
}
/**
 * One refused item; the others of the message go on
 */
export interface RefusedItem {
  /**
   * Position of the item in the request, from 0
   */
  index: number
  tenantRef?: TenantRef
  code: Code
  pointer: Pointer
  rule: Rule
  remedy: Remedy
}
/**
 * GET /v1/deliveries
 */
export interface Deliveries {
  /**
   * Newest first
   *
   * @minItems 0
   * @maxItems 1000
   */
  items: Delivery[]
  next: Next
}
/**
 * One hand-over to the caller; also the reply of POST /v1/deliveries/{id}/retry
 */
export interface Delivery {
  deliveryId: DeliveryId
  /**
   * The message it belongs to; null for a test or a notice
   */
  messageId: MessageId | null
  event: EventType
  /**
   * Where it stands
   */
  state: 'queued' | 'retrying' | 'held' | 'delivered' | 'parked' | 'expired' | 'withdrawn'
  /**
   * Times it was tried
   */
  attempts: number
  /**
   * HTTP status of the last answer; null where there was none
   */
  lastStatus: number | null
  /**
   * Why it waits or why the last try failed, as a code: http- and the status, timeout, refused, redirect, too-large, broken, tls, dns, address, proxy, token, no-webhook, party-disabled, or a code of the error table; null where there is nothing to say
   */
  reason?: string | null
  /**
   * When it is tried next; null where it is not
   */
  nextAt: Timestamp | null
}
/**
 * 202 of POST /v1/deliveries/retry
 */
export interface DeliveriesRetried {
  /**
   * How many are tried again
   */
  retried: number
  /**
   * How many fit but are not kept any more
   */
  gone: number
}
/**
 * POST /v1/deliveries/retry: which of the caller's deliveries are tried again; all that is given must hold
 */
export interface DeliveriesRetry {
  /**
   * State they are in; parked if left out
   */
  state?: 'parked' | 'retrying' | 'delivered'
  since?: Timestamp
  until?: Timestamp
  event?: EventType
}
/**
 * 202 of POST /v1/detections. Same key and body again give the same answer
 */
export interface DetectionAccepted {
  messageId: MessageId
  state: MessageState
  /**
   * Items accepted; a message without items is one
   */
  accepted: number
  /**
   * Items refused, each with its reason
   *
   * @minItems 0
   * @maxItems 1000
   */
  refused: RefusedItem[]
  receipt: ReceiptToken
}
/**
 * POST /v1/detections/{messageId}/answer: a number where the protocol grants counts, row ids where it grants answers per person
 */
export interface DetectionAnswer {
  nonce: Nonce
  requestDigest: Digest
  /**
   * How many people were found, or the row ids of those found
   *
   * @maxItems 1000
   */
  found: number | RowId[]
}
/**
 * POST {base}/detections: gateway to the employment service. The message id is also the Idempotency-Key
 */
export interface DetectionForward {
  messageId: MessageId
  protocol: ProtocolId
  domain: DomainName
  period: Period
  sender: PartyId
  purpose: PurposeId
  referenceDate: CalendarDate
  targetGroup: TargetGroup
  requestDigest: Digest
  /**
   * The form of answer that the protocol grants: a number, or the row ids found
   */
  granularity: 'counts' | 'person'
  /**
   * Sealed rows, sorted by row id
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person's sealed item: only who knows the person can compute its key
   */
  rows: {
    rowId: RowId
    /**
     * AES-256-GCM nonce: 12 bytes, base64url
     */
    nonce: string
    /**
     * 128 padded bytes and the 16-byte tag, base64url; associated data: domain|period|messageId|rowId
     */
    ciphertext: string
  }[]
}
/**
 * POST /v1/detections: which of these tenants are in the client file?
 */
export interface DetectionRequest {
  protocol: ProtocolId
  purpose: PurposeId
  nonce: Nonce
  referenceDate: CalendarDate
  targetGroup: TargetGroup
  domain?: DomainName
  /**
   * The tenants in the target group, each once; all with a national number, or all with tag, secret and subjectTag in its place
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One tenant: with insz, or else with tag, secret and subjectTag, which the sender made itself (blind mode); with senderBlind the protocol asks for those
   */
  tenants: {
    /**
     * National number, eleven digits or as 85.07.30-033.28. Kept in memory only until it is a pseudonym. An invalid one refuses its item, so any short text is let through here
     */
    insz?: string
    tag?: Tag
    secret?: RowSecret
    subjectTag?: SubjectTag
    tenantRef: TenantRef
    tenantGround: TenantGround
  }[]
}
/**
 * One pseudonym domain, or subject; 200 of POST /v1/pseudonyms/domains/ready
 */
export interface Domain {
  domain: EvaluationDomain
  state: DomainState
  publicKey: GroupElement
  /**
   * Elements that may still be evaluated now
   */
  quotaLeft: number
  /**
   * The entry of the audit log that publishes the key, with its proof; absent until it is sequenced. Check it with the log's verifier key, which its operator gives you; do not take the public key from anywhere else
   */
  published?: {
    /**
     * The bytes of the entry, base64url: what the proof proves. It holds nothing about a person
     */
    entry: string
    /**
     * c2sp.org/tlog-proof@v1 of the entry, with the signed checkpoint
     */
    proof: string
  }
}
/**
 * POST /v1/pseudonyms/domains/ready: the recipient's register is prepared under this key
 */
export interface DomainReady {
  domain: DomainName
}
/**
 * GET /v1/pseudonyms/domains
 */
export interface Domains {
  /**
   * The domains of the caller's protocols; for who sends blindly also subject
   */
  items: Domain[]
  next?: Next
}
/**
 * Event of type be.huisbrug.detection.answered
 */
export interface DetectionAnsweredEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.detection.answered'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventCountsAnswered | EventPersonAnswered | SealedData
}
/**
 * Data of be.huisbrug.detection.answered where the protocol grants counts: one number per month
 */
export interface EventCountsAnswered {
  protocol: ProtocolId
  period: Period
  purpose: PurposeId
  /**
   * Distinct tenants asked about in the month
   */
  tenants: number
  /**
   * About how many of them were found: with noise of the threshold's scale, rounded to a multiple of it; null where it is suppressed
   */
  found: number | null
  /**
   * Whether the number is withheld, because it could point at people
   */
  suppressed: boolean
}
/**
 * Data of be.huisbrug.detection.answered where the protocol grants answers per person
 */
export interface EventPersonAnswered {
  messageId: MessageId
  protocol: ProtocolId
  purpose: PurposeId
  /**
   * One result per accepted item
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: One tenant
   */
  results: {
    tenantRef: TenantRef
    /**
     * Whether the person is in the client file. not-found is not: not registered
     */
    result: 'found' | 'not-found'
  }[]
}
/**
 * Event of type be.huisbrug.feedback.reachability
 */
export interface FeedbackReachabilityEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.feedback.reachability'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventReachability | SealedData
}
/**
 * Data of be.huisbrug.feedback.reachability
 */
export interface EventReachability {
  feedbackId: FeedbackId
  protocol: ProtocolId
  tenantRef: TenantRef
  reachability: Reachability
  establishedOn: CalendarDate
  purpose: PurposeId
}
/**
 * Event of type be.huisbrug.feedback.overdue
 */
export interface FeedbackOverdueEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.feedback.overdue'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventOverdue | EventMessageOverdue | SealedData
}
/**
 * Data of be.huisbrug.feedback.overdue: feedback that waits longer than the protocol allows
 */
export interface EventOverdue {
  feedbackId: FeedbackId
  protocol: ProtocolId
  tenantRef: TenantRef
  /**
   * Where it stands
   */
  status: 'open' | 'taken-up'
  dueOn: CalendarDate
}
/**
 * Data of be.huisbrug.feedback.overdue for an event of a type that has no event of its own, to the party that reports its progress
 */
export interface EventMessageOverdue {
  feedbackId: FeedbackId
  protocol: ProtocolId
  type: MessageType
  /**
   * The receiver's own reference of the person; absent for the employment service, which has none
   */
  item?: {
    [k: string]: string
  }
  /**
   * Where it stands
   */
  status: 'open' | 'taken-up'
  dueOn: CalendarDate
}
/**
 * Event of type be.huisbrug.interaction.expired
 */
export interface InteractionExpiredEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.interaction.expired'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventExpired | SealedData
}
/**
 * Data of be.huisbrug.interaction.expired: no answer came within the window of the protocol
 */
export interface EventExpired {
  messageId: MessageId
  protocol: ProtocolId
  type: MessageType
  expiredAt: Timestamp
}
/**
 * Event of type be.huisbrug.protocol.suspended
 */
export interface ProtocolSuspendedEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.protocol.suspended'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventProtocolSuspended
}
/**
 * Data of be.huisbrug.protocol.suspended: nothing moves under the protocol until it is resumed
 */
export interface EventProtocolSuspended {
  protocol: ProtocolId
  version: Version
  at: Timestamp
  /**
   * Reason given, about the protocol and never about a person
   */
  reason?: string
}
/**
 * Event of type be.huisbrug.protocol.resumed
 */
export interface ProtocolResumedEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.protocol.resumed'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventProtocolResumed
}
/**
 * Data of be.huisbrug.protocol.resumed: what was held goes on
 */
export interface EventProtocolResumed {
  protocol: ProtocolId
  version: Version
  at: Timestamp
}
/**
 * Event of type be.huisbrug.message.received
 */
export interface DetectionAnsweredEvent1 {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.message.received'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventMessageReceived | SealedData
}
/**
 * Data of be.huisbrug.message.received: an event, or progress of one, of a type that has no event of its own
 */
export interface EventMessageReceived {
  feedbackId: FeedbackId
  protocol: ProtocolId
  type: MessageType
  purpose: PurposeId
  /**
   * The receiver's own reference of the person, and the fields that the protocol lists
   */
  item: {
    [k: string]: string | number | boolean
  }
}
/**
 * Event of type be.huisbrug.message.answered
 */
export interface DetectionAnsweredEvent2 {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.message.answered'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventMessageAnswered | SealedData
}
/**
 * Data of be.huisbrug.message.answered: the answers to a request of a type that has no event of its own
 */
export interface EventMessageAnswered {
  messageId: MessageId
  protocol: ProtocolId
  type: MessageType
  purpose: PurposeId
  /**
   * One for each item that was asked
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: One person
   */
  results: {
    /**
     * The asker's own reference of the person
     */
    item: {
      [k: string]: string | number | boolean
    }
    /**
     * The fields that the protocol lists; null where the party that answers does not have this person
     */
    answer: {
      [k: string]: string | number | boolean
    } | null
  }[]
}
/**
 * Event of type be.huisbrug.message.counts
 */
export interface DetectionAnsweredEvent3 {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.message.counts'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data; application/jose where the protocol asks for an envelope
   */
  datacontenttype: 'application/json' | 'application/jose'
  /**
   * What happened
   */
  data: EventMessageCounts | SealedData
}
/**
 * Data of be.huisbrug.message.counts: numbers about the group of a request, through disclosure control
 */
export interface EventMessageCounts {
  messageId: MessageId
  protocol: ProtocolId
  type: MessageType
  purpose: PurposeId
  /**
   * One for each code
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: Code and number; the number is null where it is too small to show
   */
  items: {
    [k: string]: string | number | boolean | null
  }[]
}
/**
 * Event of type be.huisbrug.test
 */
export interface TestEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.test'
  time: Timestamp
  /**
   * The feedback or message it is about; the id of the event where it is about neither
   */
  subject: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventTest
}
/**
 * Data of be.huisbrug.test
 */
export interface EventTest {
  /**
   * For people
   */
  note: string
}
/**
 * Reply of POST /v1/subjects/erasures
 */
export interface Erased {
  /**
   * Whether nothing was done, and this is what it would come to
   */
  preview: boolean
  /**
   * Rows erased, by kind
   */
  erased: {
    /**
     * Answers about the person
     */
    results: number
    /**
     * Sealed rows that waited for an answer
     */
    rows: number
    /**
     * Items ready to leave
     */
    outgoing: number
    /**
     * Feedback: content and pseudonym
     */
    feedback: number
    /**
     * Routes to a housing company or welfare office
     */
    routes: number
    /**
     * Places in the list of a month, taken by random bytes
     */
    memberships: number
    /**
     * Signed participations
     */
    participations: number
    /**
     * Objections
     */
    objections: number
    /**
     * Restrictions that were lifted
     */
    formerRestrictions: number
    /**
     * Details of entries about this person alone
     */
    details: number
    /**
     * Links of entries to the person: subject tag and salt
     */
    commitments: number
    /**
     * Questions to a second person
     */
    approvals: number
  }
  /**
   * What was on its way and does not go any more
   */
  withdrawn: {
    /**
     * Hand-overs that lost something
     */
    handOvers: number
    /**
     * Items that they lost
     */
    items: number
  }
  /**
   * What stays
   */
  remains: {
    /**
     * Entries of the log, whose digests say nothing any more: their salts are destroyed
     */
    entries: number
    /**
     * Feedback that still counts, without anything of the person
     */
    feedback: number
    /**
     * Places in groups of which a number was made, taken by random bytes
     */
    memberships: number
    /**
     * Whether a restriction lasts: it holds the subject tag, for else it would end
     */
    restriction: boolean
  }
  /**
   * The same in plain Dutch, line by line
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One line
   */
  text: string[]
}
/**
 * 200 of POST /v1/pseudonyms/evaluations. Check the proof against the public key in the audit log, not this one
 */
export interface EvaluationReply {
  domain: EvaluationDomain
  publicKey: GroupElement
  /**
   * Evaluated elements, in the order of the request
   *
   * @minItems 1
   * @maxItems 5000
   */
  evaluated: GroupElement[]
  /**
   * The two RFC 9497 scalars of one batched DLEQ proof, 64 bytes, base64url
   */
  proof: string
  /**
   * Elements that may still be evaluated now
   */
  quotaLeft: number
}
/**
 * POST /v1/pseudonyms/evaluations: blind evaluation (RFC 9497, VOPRF, ristretto255-SHA512)
 */
export interface EvaluationRequest {
  domain: EvaluationDomain
  /**
   * Blinded elements, at most 5,000
   *
   * @minItems 1
   * @maxItems 5000
   *
   * Items: ristretto255 group element: 32 bytes, base64url
   */
  blinded: string[]
}
/**
 * All evidence of one message in a file of its own: huisbrug audit prove writes it, huisbrug audit verify checks it with keys that are trusted from elsewhere
 */
export interface EvidenceBundle {
  /**
   * Version of this form
   */
  bundle: 1
  messageId: MessageId
  receipt: ReceiptToken
  /**
   * The checkpoint (C2SP tlog-checkpoint, a signed note) that all proofs lead to
   */
  checkpoint: string
  /**
   * Every entry of the message, in the order of the log
   *
   * @minItems 1
   * @maxItems 100000
   */
  entries: {
    /**
     * Place in the log, from 0
     */
    index: number
    /**
     * The entry byte for byte, base64
     */
    entry: string
    /**
     * A .tlog-proof file (c2sp.org/tlog-proof@v1) of the entry, with the same checkpoint
     */
    proof: string
  }[]
  /**
   * What is kept beside the deciding entry of the sender's signature over the body: salt and details whose SHA-256 that entry holds; absent where the message was not signed, or it was erased
   */
  signature?: {
    /**
     * 32 bytes, base64url
     */
    salt: string
    /**
     * Canonical JSON: the detached JWS as signature, the public key as key
     */
    details: string
  }
  /**
   * The document that decided, with what its parties stated over it; null where no known document decided
   */
  protocol: {
    document: Protocol
    /**
     * Statements of parties over that document, each a compact JWS
     *
     * @minItems 0
     * @maxItems 200
     */
    statements: string[]
  } | null
  /**
   * The keys with which the gateway says it signs receipts, as JWK: a claim to compare, never what to verify with
   *
   * @minItems 0
   * @maxItems 20
   */
  claimedReceiptKeys: {
    /**
     * Kind of key (RFC 7517)
     */
    kty: string
    /**
     * Curve
     */
    crv?: string
    /**
     * Public key, base64url
     */
    x?: string
    /**
     * RFC 7638 thumbprint
     */
    kid: string
    /**
     * What it is for
     */
    use?: string
    /**
     * Algorithm
     */
    alg?: string
  }[]
}
/**
 * A protocol, a framework that others accede to, or an exchange under a deliberation
 */
export interface ProtocolAgreement {
  protocolId: ProtocolId
  version: Version
  supersedes?: Version
  /**
   * What the document is
   */
  kind: 'protocol' | 'framework' | 'deliberation-backed'
  /**
   * Language of the text
   */
  language: 'nl'
  /**
   * Present in a sample only: says what in it is fictional
   */
  sample?: string
  contentHash?: Digest
  /**
   * Which authority supervises; a field, as it may change
   */
  supervisoryAuthority: {
    /**
     * Name
     */
    name: string
    /**
     * Website
     */
    website?: string
  }
  /**
   * The deliberation, instead of a protocol, where the Information Security Committee is competent
   */
  deliberation?: {
    /**
     * Body
     */
    body: string
    /**
     * Number
     */
    number: string
    date: CalendarDate
    /**
     * Where it is published
     */
    url?: string
  }
  /**
   * The parties
   *
   * @minItems 1
   * @maxItems 200
   */
  parties: ProtocolParty[]
  /**
   * Who may accede, in a framework
   */
  acceding?: {
    kind: PartyKind
    /**
     * Conditions
     */
    conditions: string
  }
  /**
   * Advices of the data protection officers
   *
   * @minItems 0
   * @maxItems 200
   */
  dpoAdvice: ProtocolDpoAdvice[]
  /**
   * Other advices
   *
   * @minItems 0
   * @maxItems 200
   */
  externalAdvice: ProtocolExternalAdvice[]
  context: ProtocolContext
  /**
   * Grounds
   *
   * @minItems 1
   * @maxItems 200
   */
  legalBasis: ProtocolLegalBasis[]
  /**
   * Purposes
   *
   * @minItems 1
   * @maxItems 200
   */
  purposes: ProtocolPurpose[]
  /**
   * Whose data
   *
   * @minItems 1
   * @maxItems 200
   */
  dataSubjects: ProtocolDataSubjects[]
  /**
   * The data
   *
   * @minItems 1
   * @maxItems 200
   */
  dataElements: ProtocolDataElement[]
  /**
   * Who receives
   *
   * @minItems 1
   * @maxItems 200
   */
  recipients: ProtocolRecipient[]
  /**
   * Message types
   *
   * @minItems 1
   * @maxItems 200
   */
  messageTypes: ProtocolMessageType[]
  modalities: ProtocolModalities
  periodicity: ProtocolPeriodicity
  duration: ProtocolDuration
  security: ProtocolSecurity
  /**
   * Proportionality and data protection by design (art. 25 GDPR)
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  designMeasures: string[]
  rights: ProtocolRights
  /**
   * Quality of the data
   */
  dataQuality: {
    /**
     * Duty to correct
     */
    correction: string
    /**
     * Where errors are reported
     */
    errorChannel: string
  }
  /**
   * Data protection impact assessment
   */
  dpia: {
    /**
     * Whether one is required
     */
    required: boolean
    /**
     * Reference
     */
    reference?: string
    date?: CalendarDate
    /**
     * Residual risk
     */
    residualRisk: string
  }
  /**
   * What happens on breach of the protocol
   */
  sanctions: string
  /**
   * How disputes are settled
   */
  disputes: string
  /**
   * Further clauses
   *
   * @minItems 0
   * @maxItems 200
   */
  clauses: ProtocolClause[]
  /**
   * Versions
   *
   * @minItems 1
   * @maxItems 200
   */
  changeLog: ProtocolChange[]
  /**
   * The signatures, in a published copy; not part of what is digested
   *
   * @minItems 0
   * @maxItems 200
   */
  signatures?: ProtocolSignature[]
  /**
   * The publications, in a published copy; not part of what is digested
   *
   * @minItems 0
   * @maxItems 200
   */
  publication?: ProtocolPublication[]
}
/**
 * One party (art. 8 of the e-government decree: identity of the bodies)
 */
export interface ProtocolParty {
  id: PartyId
  /**
   * Its role in this document
   */
  role: 'sender' | 'recipient' | 'acceding'
  kind: PartyKind
  /**
   * Name
   */
  name: string
  /**
   * Legal form
   */
  legalForm: string
  /**
   * Seat: address
   */
  seat: string
  /**
   * Enterprise number (KBO): ten digits with a correct check number
   */
  kbo: string
  /**
   * Establishment unit number, where one applies
   */
  establishmentUnit?: string
  /**
   * Why it is an instance in the sense of the decree
   */
  instance: string
  /**
   * Whether it is a controller for its own processing
   */
  controller: boolean
  /**
   * Who may sign for it
   */
  representative: {
    /**
     * Name; a function where no person is named
     */
    name: string
    /**
     * Function
     */
    function: string
  }
  /**
   * Contact for this exchange
   */
  contact: string
  /**
   * Website
   */
  website: string
}
/**
 * Advice of a data protection officer
 */
export interface ProtocolDpoAdvice {
  party: PartyId
  /**
   * The officer; a function where no person is named
   */
  officer: string
  date: CalendarDate
  /**
   * Opinion
   */
  opinion: 'favourable' | 'with-conditions' | 'unfavourable'
  /**
   * Conditions, where there are any
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  conditions?: string[]
  textDigest: Digest
  /**
   * Whether the parties follow it
   */
  followed: boolean
  /**
   * Why not, where they do not
   */
  reasonNotFollowed?: string
}
/**
 * Advice of another body
 */
export interface ProtocolExternalAdvice {
  /**
   * The body
   */
  body: string
  /**
   * Number of the advice
   */
  number: string
  date: CalendarDate
  /**
   * What was changed because of it
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  amendments: string[]
  /**
   * Conditions it sets
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  conditions: string[]
}
/**
 * Title and recitals
 */
export interface ProtocolContext {
  /**
   * Title
   */
  title: string
  /**
   * Recitals
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  recitals: string[]
}
/**
 * One ground for one part of the processing
 */
export interface ProtocolLegalBasis {
  /**
   * Id
   */
  id: string
  /**
   * What it is the ground of
   */
  phase: 'collection' | 'communication' | 'processing-at-recipient'
  /**
   * Article of the GDPR
   */
  gdpr: '6(1)(c)' | '6(1)(e)'
  /**
   * The norm
   */
  norm: string
  /**
   * Article of the norm
   */
  article: string
  /**
   * European Legislation Identifier, where there is one
   */
  eli?: string
  /**
   * The task it serves
   */
  task: string
  /**
   * First day it is in force; null while that is not known. Nothing moves before every ground is in force
   */
  inForceFrom: CalendarDate | null
  /**
   * Ground of art. 9 or 10 GDPR, where special data are concerned
   */
  specialCategoryGround?: string
  /**
   * True in a sample, where no source gives this norm
   */
  fictional?: boolean
}
/**
 * One purpose
 */
export interface ProtocolPurpose {
  id: PurposeId
  /**
   * Title
   */
  title: string
  /**
   * What it is for
   */
  description: string
  /**
   * Ids of the grounds it rests on
   *
   * @minItems 1
   * @maxItems 20
   *
   * Items: Id of a ground
   */
  legalBasis: string[]
  /**
   * Compatibility test, where it differs from the purpose of the collection
   */
  compatibility?: string
  /**
   * Term of the W3C Data Privacy Vocabulary
   */
  dpv?: string
}
/**
 * One category of persons
 */
export interface ProtocolDataSubjects {
  /**
   * Category
   */
  category: string
  /**
   * The group that is exchanged, with a versioned criterion
   */
  targetGroup: {
    /**
     * Id
     */
    id: string
    /**
     * Version of the criterion
     */
    version: string
    /**
     * Name for people
     */
    label: string
    /**
     * The criterion by which a housing company selects
     */
    criterion: string
  }
  /**
   * Who is out
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  excluded?: string[]
  /**
   * Estimated number of persons
   */
  estimatedNumber: number
}
/**
 * One datum. What is not listed here does not pass
 */
export interface ProtocolDataElement {
  /**
   * Id
   */
  id: string
  /**
   * Name of the field on the wire
   */
  field: string
  /**
   * Whether a message has it once, or each item has it
   */
  place: 'header' | 'item'
  /**
   * Name for people
   */
  label: string
  /**
   * What it is
   */
  definition: string
  /**
   * Form of its values; text is free text, which no protocol may list
   */
  format:
    | 'national-number'
    | 'tenant-reference'
    | 'pseudonym'
    | 'row-id'
    | 'document-reference'
    | 'date'
    | 'month'
    | 'code'
    | 'count'
    | 'boolean'
    | 'target-group'
    | 'text'
  /**
   * The code list, where the format is code
   *
   * @minItems 1
   * @maxItems 100
   */
  codes?: ProtocolCode[]
  /**
   * Message types that carry it
   *
   * @minItems 1
   * @maxItems 50
   */
  messageTypes: MessageType[]
  /**
   * From whom to whom
   *
   * @minItems 1
   * @maxItems 10
   *
   * Items: One direction
   */
  directions: {
    /**
     * Sender
     */
    from: 'housing-company' | 'employment-service' | 'welfare-office' | 'gateway'
    /**
     * Recipient
     */
    to: 'housing-company' | 'employment-service' | 'welfare-office' | 'gateway'
  }[]
  /**
   * How far it goes: it stays in the gateway, or the recipient gets it (transformed as said)
   */
  reaches: 'gateway' | 'recipient'
  /**
   * Class of the datum
   */
  class: 'ordinary' | 'sensitive' | 'special' | 'criminal' | 'national-id'
  /**
   * Why it is necessary
   */
  necessity: string
  /**
   * Ids of the purposes it serves
   *
   * @minItems 1
   * @maxItems 20
   */
  purposes: PurposeId[]
  /**
   * How long it is kept, and why
   */
  retention: {
    /**
     * How long
     */
    period: string
    /**
     * Why that long
     */
    why: string
  }
  /**
   * What becomes of it on the way
   */
  transformation: 'plain' | 'pseudonym' | 'coarsened' | 'boolean' | 'count'
}
/**
 * One value of a code list
 */
export interface ProtocolCode {
  /**
   * The value on the wire
   */
  code: string
  /**
   * What it means
   */
  label: string
}
/**
 * Who receives within a party: a function, never a whole organisation
 */
export interface ProtocolRecipient {
  /**
   * Id
   */
  id: string
  /**
   * Kind of party, or gateway
   */
  kind: string
  /**
   * Function that receives
   */
  function: string
  /**
   * Name of the function for people
   */
  name: string
  /**
   * What it does with it
   */
  description: string
  /**
   * Processors it uses
   *
   * @minItems 0
   * @maxItems 50
   *
   * Items: One processor
   */
  processors: {
    /**
     * Name
     */
    name: string
    /**
     * Task
     */
    task: string
  }[]
  /**
   * Onward transfer
   */
  onward: {
    /**
     * Whether it may pass anything on
     */
    allowed: boolean
    /**
     * Conditions, or that it may not
     */
    conditions: string
  }
}
/**
 * One message type
 */
export interface ProtocolMessageType {
  type: MessageType
  /**
   * Name for people
   */
  label: string
  /**
   * How it behaves
   */
  pattern: 'request' | 'answer' | 'event' | 'progress' | 'withdrawal' | 'counts'
  /**
   * Kind of party that sends it
   */
  from: 'housing-company' | 'employment-service' | 'welfare-office' | 'gateway'
  /**
   * Kind of party that gets it; gateway where it goes no further
   */
  to: 'housing-company' | 'employment-service' | 'welfare-office' | 'gateway'
  /**
   * Id of the receiving function
   */
  recipient: string
  /**
   * Ids of the purposes it may have; the first where the message names none
   *
   * @minItems 1
   * @maxItems 20
   */
  purposes: PurposeId[]
  /**
   * Ids of the target groups it may be about; it must name one
   *
   * @minItems 1
   * @maxItems 20
   *
   * Items: Id of a target group
   */
  targetGroups?: string[]
  answers?: MessageType
  /**
   * Whether it may be used; false lists it as existing but off
   */
  enabled: boolean
  /**
   * Why it is off
   */
  whyOff?: string
  /**
   * What must be true of an item before it may move
   */
  preconditions?: {
    /**
     * The person took part by a signed document that names the recipients. An item without it is refused; an official withdrawal stops everything after it
     */
    participation?: {
      /**
       * Field with the date of signing
       */
      dateField: string
      /**
       * Field with the sender's own reference of the signed document
       */
      documentField: string
      withdrawnBy: MessageType
    }
    /**
     * The person is told first. The message is held until so many days after the announcement, then goes on, without those who objected
     */
    objectionWindow?: {
      /**
       * Days after the announcement
       */
      days: number
      /**
       * Field with the date of the announcement
       */
      announcedField: string
      objectedBy: MessageType
    }
  }
}
/**
 * How it goes
 */
export interface ProtocolModalities {
  /**
   * Channel
   */
  channel: string
  /**
   * Direction
   */
  direction: 'one-way' | 'two-way'
  /**
   * Push or pull
   */
  mode: 'push' | 'pull'
  /**
   * Format
   */
  format: 'application/json'
  /**
   * Pseudonym domain without the key epoch: protocol id and major version
   */
  domain: string
  /**
   * Form of answer: one number per month, or a result per person
   */
  granularity: 'counts' | 'person'
  /**
   * Smallest number that may be shown; numbers are rounded to a multiple of it. Usual: 5
   */
  countsThreshold: number
  /**
   * Days after the end of a month at which its period closes by itself
   */
  periodClosesAfterDays: number
  /**
   * Days within which a request must be answered
   */
  answerWindowDays: number
  /**
   * Days after delivery at which payloads are erased. Usual: 7
   */
  payloadRetentionDays: number
  /**
   * Days after the latest request period at which a route lapses
   */
  routeRetentionDays: number
  /**
   * Days after which open feedback is overdue
   */
  daysToOverdue: number
  /**
   * Quota of blind evaluations, per party that has one
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: Quota of one party, per domain and key epoch
   */
  evaluation: {
    party: PartyId
    /**
     * Attested size of its register, in persons
     */
    registerSize: number
    /**
     * New persons a day after that
     */
    dailyAllowance: number
  }[]
  /**
   * Whether the sender of a request must make the pseudonyms itself; if not, it may
   */
  senderBlind: boolean
  /**
   * Whether each message must be signed
   */
  signature: boolean
  /**
   * What the access token has to be bound to: a key of the sender (RFC 9449) or its client certificate (RFC 8705); nothing where it is left out
   */
  tokenBinding?: 'dpop' | 'mtls'
  /**
   * What goes out as a JWE for the key of who receives it (ECDH-ES, A256GCM); nothing where it is left out
   */
  envelope?: {
    /**
     * What the gateway sends to the employment service: sealed rows, ended tenancies, progress and messages
     */
    calls: boolean
    /**
     * The data of every event about a message, by webhook and in the inbox
     */
    events: boolean
  }
}
/**
 * How often and how much
 */
export interface ProtocolPeriodicity {
  /**
   * Rhythm
   */
  schedule: 'daily' | 'weekly' | 'monthly' | 'quarterly' | 'on-event'
  /**
   * What starts it
   */
  trigger: string
  /**
   * Highest numbers of items, per sending party
   */
  ceilings: {
    /**
     * In one message
     */
    perMessage: number
    /**
     * In one day, UTC
     */
    perDay: number
    /**
     * Under one key epoch
     */
    perEpoch: number
  }
}
/**
 * From when to when
 */
export interface ProtocolDuration {
  from: CalendarDate
  /**
   * Last day; null for an open end
   */
  until: CalendarDate | null
  reviewOn: CalendarDate
  /**
   * Notice period in days
   */
  noticeDays: number
  /**
   * Right to suspend
   */
  suspension: {
    /**
     * Party ids that may suspend; every acceding party may for itself
     *
     * @minItems 1
     * @maxItems 50
     */
    by: PartyId[]
    /**
     * When and how
     */
    text: string
  }
}
/**
 * Security measures
 */
export interface ProtocolSecurity {
  /**
   * At the sender
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  sender: string[]
  /**
   * On the way
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  channel: string[]
  /**
   * At the gateway
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  gateway: string[]
  /**
   * At the recipient
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  recipient: string[]
  /**
   * Whom to tell of a breach, and how fast
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One contact
   */
  breach: {
    party: PartyId
    /**
     * Contact
     */
    contact: string
    /**
     * Within how many hours
     */
    hours: number
  }[]
}
/**
 * Rights of the persons
 */
export interface ProtocolRights {
  /**
   * Restrictions of rights, if any
   *
   * @minItems 0
   * @maxItems 100
   *
   * Items: One line or paragraph
   */
  restrictions: string[]
  /**
   * Where and how, at each party
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: At one party
   */
  exercise: {
    party: PartyId
    /**
     * Where
     */
    where: string
    /**
     * How
     */
    how: string
    /**
     * Page about it
     */
    url?: string
  }[]
  /**
   * What persons are told
   */
  notice: {
    /**
     * Text, in plain Dutch
     */
    text: string
    /**
     * Where it is published
     */
    url: string
  }
}
/**
 * A clause that no other section holds
 */
export interface ProtocolClause {
  /**
   * Id
   */
  id: string
  /**
   * Title
   */
  title: string
  /**
   * Text
   */
  text: string
}
/**
 * One version
 */
export interface ProtocolChange {
  version: Version
  date: CalendarDate
  /**
   * What changed
   */
  change: string
}
/**
 * A dated statement of a party over the digest of the document
 */
export interface ProtocolSignature {
  party: PartyId
  /**
   * Function of the signer
   */
  function: string
  /**
   * Name of the signer, where the law wants it
   */
  name?: string
  date: CalendarDate
  /**
   * What is stated
   */
  statement: 'accept' | 'reject' | 'revoke'
  digest: Digest
  /**
   * The statement as a compact JWS (RFC 7515) by a registered key of the party; without it the statement does not count
   */
  jws?: string
}
/**
 * A publication of the document
 */
export interface ProtocolPublication {
  party: PartyId
  /**
   * Where
   */
  url: string
  date: CalendarDate
  digest: Digest
}
/**
 * A party accedes to a framework (verklaring van akkoord). It says who and how much; what may be exchanged is in the framework alone
 */
export interface ProtocolAccession {
  protocolId: ProtocolId
  version: Version
  supersedes?: Version
  /**
   * What the document is
   */
  kind: 'accession'
  framework: ProtocolId
  frameworkVersion: Version
  frameworkDigest?: Digest
  /**
   * Language of the text
   */
  language: 'nl'
  /**
   * Present in a sample only: says what in it is fictional
   */
  sample?: string
  contentHash?: Digest
  /**
   * The acceding party, and the party of the framework that agrees
   *
   * @minItems 1
   * @maxItems 200
   */
  parties: ProtocolParty[]
  /**
   * Advices of the data protection officers
   *
   * @minItems 0
   * @maxItems 200
   */
  dpoAdvice: ProtocolDpoAdvice[]
  /**
   * Other advices
   *
   * @minItems 0
   * @maxItems 200
   */
  externalAdvice: ProtocolExternalAdvice[]
  context: ProtocolContext
  /**
   * Estimated numbers, per target group
   *
   * @minItems 0
   * @maxItems 20
   *
   * Items: One target group
   */
  estimates: {
    /**
     * Id of the target group
     */
    targetGroup: string
    /**
     * Persons
     */
    estimatedNumber: number
  }[]
  /**
   * Who fills the receiving functions of the framework here
   *
   * @minItems 1
   * @maxItems 20
   *
   * Items: One function
   */
  functions: {
    /**
     * Id of the recipient in the framework
     */
    recipient: string
    /**
     * Team or post
     */
    name: string
    /**
     * Contact
     */
    contact: string
  }[]
  /**
   * Quota of blind evaluations of the acceding party, where it makes the pseudonyms itself; per domain and key epoch
   */
  evaluation?: {
    /**
     * Attested number of persons that it may send, once each
     */
    registerSize: number
    /**
     * New persons a day after that
     */
    dailyAllowance: number
  }
  duration: ProtocolDuration
  security: ProtocolSecurity
  rights: ProtocolRights
  /**
   * The statement itself
   */
  statement: string
  /**
   * Further clauses
   *
   * @minItems 0
   * @maxItems 200
   */
  clauses: ProtocolClause[]
  /**
   * Versions
   *
   * @minItems 1
   * @maxItems 200
   */
  changeLog: ProtocolChange[]
  /**
   * The signatures, in a published copy; not part of what is digested
   *
   * @minItems 0
   * @maxItems 200
   */
  signatures?: ProtocolSignature[]
  /**
   * The publications, in a published copy; not part of what is digested
   *
   * @minItems 0
   * @maxItems 200
   */
  publication?: ProtocolPublication[]
}
/**
 * Reply of POST /v1/explain: whether a message would pass, each check in the order in which the gateway makes them, and everything that is wrong
 */
export interface ExplainReply {
  /**
   * Whether the gateway would take the message, as far as this can be known beforehand
   */
  passes: boolean
  at: Timestamp
  type: MessageType
  protocol?: ExplainReplyDocument
  accession?: ExplainReplyDocument
  /**
   * Who would receive it
   */
  recipient?: {
    /**
     * Kind of party; gateway where it goes no further
     */
    kind: 'housing-company' | 'employment-service' | 'welfare-office' | 'gateway'
    /**
     * Function inside the recipient
     */
    function: string
    party?: PartyId
  }
  purpose?: PurposeId
  /**
   * Every check, in the order in which the gateway makes them
   *
   * @maxItems 32
   */
  checks: ExplainReplyCheck[]
  /**
   * The data fields of the message, and those that the protocol lists for its type
   *
   * @maxItems 500
   */
  fields: ExplainReplyField[]
  /**
   * Everything that is wrong; the first is what the gateway would refuse the message for
   *
   * @maxItems 300
   */
  errors: Reason[]
  /**
   * Items that would be refused one by one while the message is taken
   *
   * @maxItems 1000
   */
  refusedItems?: RefusedItem[]
  /**
   * What else to know, for people
   *
   * @maxItems 20
   *
   * Items: One sentence
   */
  notes: string[]
}
/**
 * A document, as messages and evidence refer to it
 */
export interface ExplainReplyDocument {
  id: ProtocolId
  version: Version
  digest: Digest
}
/**
 * One check
 */
export interface ExplainReplyCheck {
  /**
   * Which check
   */
  check:
    | 'access'
    | 'protocol'
    | 'party'
    | 'agreement'
    | 'accession'
    | 'type'
    | 'direction'
    | 'purpose'
    | 'target-group'
    | 'fields'
    | 'items-in-message'
    | 'shape'
    | 'content'
    | 'domain'
    | 'items-today'
    | 'items-in-epoch'
    | 'state'
  /**
   * not-reached: an earlier check stops the message; not-checked: this is known only when it is sent
   */
  outcome: 'passes' | 'stops' | 'not-reached' | 'not-checked'
  rule: Rule
  /**
   * The same for people, in Dutch where it is an article
   */
  article: string
  code?: Code
  pointer?: Pointer
  remedy?: Remedy
  /**
   * What there is to know of it beforehand
   */
  note?: string
}
/**
 * One data field
 */
export interface ExplainReplyField {
  /**
   * Its name; empty where it is not repeated here, since it could hide a value
   */
  field: string
  /**
   * Whether the message has it
   */
  present: boolean
  /**
   * Whether the protocol lets it through for this type and purpose
   */
  allowed: boolean
  rule: Rule
  /**
   * The same for people, in Dutch
   */
  article: string
  /**
   * How far it goes
   */
  reaches?: 'gateway' | 'recipient'
  /**
   * What becomes of it on the way
   */
  transformation?: 'plain' | 'pseudonym' | 'coarsened' | 'boolean' | 'count'
}
/**
 * POST /v1/explain: would this message pass, and if not, what stops it? Nothing of it is kept. Every national number is the word synthetic
 */
export interface ExplainRequest {
  type: MessageType
  /**
   * Ask about another moment, RFC 3339; now where left out
   */
  at?: string
  /**
   * For an answer or progress in the form of its named endpoint: the id in the path of that endpoint, of the request that is answered or of the feedback
   */
  about?: string
  /**
   * The body as it would be sent to the named endpoint, or to POST /v1/messages (then it names its type itself). It may be wrong in any way: that is what is asked
   */
  message: {}
}
/**
 * 202 of POST /v1/feedback
 */
export interface FeedbackAccepted {
  messageId: MessageId
  state: MessageState
  /**
   * Items accepted
   */
  accepted: number
  /**
   * Items refused, each with its reason
   *
   * @minItems 0
   * @maxItems 1000
   */
  refused: RefusedItem[]
  receipt: ReceiptToken
}
/**
 * POST /v1/feedback: tenants whom the employment service reaches with difficulty or not at all
 */
export interface FeedbackRequest {
  protocol: ProtocolId
  domain: DomainName
  nonce: Nonce
  /**
   * One item per person
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person
   */
  items: {
    tag: Tag
    reachability: Reachability
    establishedOn: CalendarDate
  }[]
}
/**
 * GET /health/live and /health/ready
 */
export interface Health {
  /**
   * Whether all is well
   */
  status: 'ok' | 'failing'
  /**
   * What was looked at
   *
   * @minItems 0
   * @maxItems 50
   *
   * Items: One check
   */
  checks?: {
    /**
     * What
     */
    name: string
    /**
     * Whether it is well
     */
    ok: boolean
    /**
     * In a few words, without personal data
     */
    detail: string
    /**
     * What to do, where it is not well
     */
    remedy?: string
  }[]
}
/**
 * GET /v1/inbox: the same envelopes as webhooks, oldest first
 */
export interface Inbox {
  /**
   * Events not yet acknowledged
   *
   * @minItems 0
   * @maxItems 1000
   */
  items: Envelope[]
  next: Next
}
/**
 * 200 of POST /v1/inbox/acknowledgements
 */
export interface InboxAcknowledged {
  upTo: DeliveryId
  /**
   * Events that this acknowledged
   */
  acknowledged: number
}
/**
 * POST /v1/inbox/acknowledgements: everything up to and including this event is taken
 */
export interface InboxAcknowledgement {
  upTo: DeliveryId
}
/**
 * A JWK set (RFC 7517) of Ed25519 keys (RFC 8037)
 */
export interface JwkSet {
  /**
   * Of tokens, receipts and messages; find one by its kid
   *
   * @minItems 1
   * @maxItems 20
   *
   * Items: One public key
   */
  keys: {
    /**
     * Kind
     */
    kty: 'OKP'
    /**
     * Curve
     */
    crv: 'Ed25519'
    /**
     * The public key, 32 bytes
     */
    x: string
    /**
     * RFC 7638 thumbprint
     */
    kid: string
    /**
     * Algorithm
     */
    alg: 'EdDSA'
    /**
     * Use
     */
    use: 'sig'
  }[]
}
/**
 * GET /v1/messages/{id}: where a message stands, for its sender
 */
export interface Message {
  messageId: MessageId
  type: MessageType
  /**
   * The protocol; null where it was not known
   */
  protocol: ProtocolId | null
  state: MessageState
  at: Timestamp
  /**
   * Its items: accepted = delivered + pending + parked + expired + withdrawn
   */
  items: {
    /**
     * Accepted
     */
    accepted: number
    /**
     * Refused
     */
    refused: number
    /**
     * Taken by the recipient
     */
    delivered: number
    /**
     * Queued, retrying or held
     */
    pending: number
    /**
     * Given up for now, waiting for a person
     */
    parked: number
    /**
     * Too late
     */
    expired: number
    /**
     * Stopped, with a reason
     */
    withdrawn: number
  }
  /**
   * How it got there, oldest first
   *
   * Items: One step
   */
  transitions: {
    state: MessageState
    at: Timestamp
    /**
     * Why: a code of the error table, or what became of a try, such as http-503 or timeout
     */
    code?: string
  }[]
}
/**
 * 202 of a message: of an answer, progress, ended tenancies and the general form
 */
export interface MessageAccepted {
  messageId: MessageId
  state: MessageState
  /**
   * Items accepted; a message without items is one
   */
  accepted: number
  /**
   * Items refused, each with its reason
   *
   * @minItems 0
   * @maxItems 1000
   */
  refused: RefusedItem[]
  receipt: ReceiptToken
}
/**
 * POST {base}/messages: gateway to the employment service, for types without an endpoint of their own. A request has rows, everything else items. The delivery id is also the Idempotency-Key
 */
export interface MessageForward {
  messageId: MessageId
  deliveryId: DeliveryId
  protocol: ProtocolId
  type: MessageType
  purpose: PurposeId
  domain: DomainName
  sender: PartyId
  period?: Period
  referenceDate?: CalendarDate
  targetGroup?: TargetGroup
  requestDigest?: Digest
  /**
   * The form of answer that the protocol grants: a number, or the row ids found
   */
  granularity?: 'counts' | 'person'
  /**
   * Sealed rows, sorted by row id
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person's sealed item: only who knows the person can compute its key
   */
  rows?: {
    rowId: RowId
    /**
     * AES-256-GCM nonce: 12 bytes, base64url
     */
    nonce: string
    /**
     * 128 padded bytes and the 16-byte tag, base64url; associated data: domain|period|messageId|rowId
     */
    ciphertext: string
  }[]
  /**
   * Persons by their tag, with the fields that the protocol lists
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person: tag, feedbackId where progress is expected or told, and the fields
   */
  items?: {
    [k: string]: string | number | boolean
  }[]
}
/**
 * POST /v1/messages: any message type that a protocol lists. The named operations are shorthands of this: an answer or counts name the request in inReplyTo and requestDigest, progress names its feedbackId in each item. What an item may hold besides is what the protocol lists for the type; in the place of a national number a request may carry tag, secret and subjectTag, which the sender made itself
 */
export interface MessageRequest {
  protocol: ProtocolId
  type: MessageType
  purpose: PurposeId
  nonce: Nonce
  referenceDate?: CalendarDate
  targetGroup?: TargetGroup
  domain?: DomainName
  inReplyTo?: MessageId
  requestDigest?: Digest
  /**
   * The items; only an answer may have none
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: Fields that the protocol lists for the type
   */
  items: {
    [k: string]: string | number | boolean
  }[]
}
/**
 * Form of every list: pass next as after for the following page
 */
export interface Page {
  /**
   * The items
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: As the operation says
   */
  items: {}[]
  next: Next
}
/**
 * POST /v1/periods/close: no further request of this housing company for this month
 */
export interface PeriodClose {
  protocol: ProtocolId
  period: Period
}
/**
 * 202 of POST /v1/periods/close. The number follows as one event once every request is answered or expired
 */
export interface PeriodClosed {
  protocol: ProtocolId
  period: Period
  /**
   * The period takes no more requests
   */
  state: 'closed'
  messageId?: MessageId
  receipt?: ReceiptToken
}
/**
 * Refusal of a whole request (RFC 9457, application/problem+json). No value of the request is repeated
 */
export interface Problem {
  /**
   * Page about the code
   */
  type: string
  /**
   * What is wrong, in a few words
   */
  title: string
  /**
   * HTTP status
   */
  status: number
  /**
   * What to do about it
   */
  detail: string
  code: Code
  /**
   * Every reason, the first of which decided
   *
   * @minItems 1
   * @maxItems 1000
   */
  errors: Reason[]
  /**
   * Id of the message or of the request, to name in a question
   */
  instance: string
  /**
   * OAuth error, at the token endpoint only (RFC 6749 section 5.2)
   */
  error?:
    | 'invalid_request'
    | 'invalid_client'
    | 'invalid_scope'
    | 'invalid_dpop_proof'
    | 'temporarily_unavailable'
  /**
   * Title once more, where RFC 6749 clients look, from the token endpoint only
   */
  error_description?: string
  receipt?: ReceiptToken
}
/**
 * POST /v1/feedback/{feedbackId}/progress: what the housing company did with the feedback
 */
export interface Progress {
  status: ProgressStatus
  on: CalendarDate
  nonce?: Nonce
}
/**
 * POST {base}/progress: gateway to the employment service, only where the protocol lists it
 */
export interface ProgressForward {
  messageId: MessageId
  protocol: ProtocolId
  domain: DomainName
  /**
   * One item per person
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person
   */
  items: {
    tag: Tag
    status: ProgressStatus
    on: CalendarDate
  }[]
}
/**
 * A suspension of the document
 */
export interface ProtocolSuspension {
  from: Timestamp
  /**
   * Until when; null while it lasts
   */
  until: Timestamp | null
  by: PartyId
  /**
   * Why
   */
  reason: string
}
/**
 * GET /v1/protocols/{id}/diff: what changed from one document to another, in plain Dutch
 */
export interface ProtocolDiff {
  /**
   * The document compared from; null where the other is the first that is known
   */
  before: ProtocolDiffCompared | null
  after: ProtocolDiffCompared
  /**
   * Sections that differ, data elements first; empty where nothing does
   *
   * @maxItems 100
   *
   * Items: One section of the document
   */
  sections: {
    /**
     * Property of the document
     */
    section: string
    /**
     * Its name in Dutch
     */
    title: string
    /**
     * What differs in it
     *
     * @minItems 1
     * @maxItems 10000
     */
    changes: ProtocolDiffChange[]
  }[]
}
/**
 * A document
 */
export interface ProtocolDiffCompared {
  protocolId: ProtocolId
  version: Version
  contentHash: Digest
}
/**
 * One thing that differs
 */
export interface ProtocolDiffChange {
  /**
   * How it differs
   */
  kind: 'added' | 'removed' | 'changed' | 'reordered'
  /**
   * Place in the document
   */
  path: string
  /**
   * The item it is about; empty where the section is meant
   */
  what: string
  /**
   * Which part of it; empty where the whole is meant
   */
  part: string
  /**
   * What it was, in words
   */
  before?: string
  /**
   * What it becomes, in words
   */
  after?: string
}
/**
 * GET /v1/protocols: every protocol that the gateway can read, whatever its state
 */
export interface Protocols {
  /**
   * The protocols, by id
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: One protocol
   */
  items: {
    protocolId: ProtocolId
    version: Version
    /**
     * What the document is
     */
    kind: 'protocol' | 'framework' | 'accession' | 'deliberation-backed'
    framework?: ProtocolId
    /**
     * Title, in Dutch
     */
    title: string
    /**
     * Where it stands now
     */
    state:
      | 'draft'
      | 'dpo-review'
      | 'advised'
      | 'signed'
      | 'published'
      | 'active'
      | 'suspended'
      | 'terminated'
      | 'expired'
    contentHash: Digest
  }[]
  next: Next
}
/**
 * Payload of a receipt: a compact JWS, EdDSA, typ receipt+jwt
 */
export interface Receipt {
  /**
   * Public URL of the gateway that signed
   */
  iss: string
  messageId: MessageId
  /**
   * What was decided; accepted when at least one item was
   */
  decision: 'accepted' | 'refused'
  code?: Code
  digest?: Digest
  /**
   * The protocol; null where it was not known
   */
  protocol?: ProtocolId | null
  /**
   * Digest of the document that decided; null where there was none
   */
  protocolDigest?: Digest | null
  entryCommitment: Digest
  /**
   * The message that this answers
   */
  answers?: {
    messageId: MessageId
    digest: Digest
  }
  /**
   * When, in seconds since 1970
   */
  iat: number
  sub: PartyId
  type: MessageType
  protocolVersion?: Version
}
/**
 * GET /v1/receipts/{messageId}
 */
export interface ReceiptReply {
  messageId: MessageId
  receipt: ReceiptToken
  /**
   * c2sp.org/tlog-proof@v1 of the entry; null until it is sequenced
   */
  proof: string | null
}
/**
 * Reply of POST /v1/subjects/restrictions
 */
export interface Restricted {
  /**
   * Whether nothing was done, and this is what it would come to
   */
  preview: boolean
  /**
   * Hand-overs on their way that lost something
   */
  handOvers: number
  /**
   * Items that they lost
   */
  items: number
  /**
   * Hand-overs that were leaving at that moment: they may still arrive
   */
  inHand: number
  /**
   * The same in plain Dutch, line by line
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One line
   */
  text: string[]
}
/**
 * Reply of POST /v1/subjects/restrictions/lift
 */
export interface RestrictionLifted {
  /**
   * Whether nothing was done, and this is what it would come to
   */
  preview: boolean
  since: Timestamp
  until: Timestamp
  /**
   * The same in plain Dutch, line by line
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: One line
   */
  text: string[]
}
/**
 * POST /v1/subjects/restrictions, /v1/subjects/restrictions/lift and /v1/subjects/erasures: what a privacy officer does for one person
 */
export interface RightRequest {
  /**
   * National register or BIS number: eleven digits, or the display form. Kept nowhere
   */
  insz: string
  /**
   * Case number of the request, which names nobody
   */
  case: string
  /**
   * Why, in words, without a national number; kept beside the log, erasable
   */
  reason: string
  /**
   * True shows what it would come to and does nothing
   */
  preview?: boolean
  /**
   * Where four eyes are set: the id that the first call got, once a second person has approved it
   */
  approval?: string
}
/**
 * Where and how to get tokens (RFC 8414, RFC 8705, RFC 9449)
 */
export interface ServerMetadata {
  issuer: ServerMetadataUrl
  token_endpoint: ServerMetadataUrl
  jwks_uri: ServerMetadataUrl
  grant_types_supported: ServerMetadataNames
  response_types_supported: ServerMetadataNames
  token_endpoint_auth_methods_supported: ServerMetadataNames
  token_endpoint_auth_signing_alg_values_supported: ServerMetadataNames
  dpop_signing_alg_values_supported: ServerMetadataNames
  /**
   * Tokens may be bound to a certificate
   */
  tls_client_certificate_bound_access_tokens: boolean
  scopes_supported: ServerMetadataNames
  service_documentation: ServerMetadataUrl
}
/**
 * What happened to a protocol document, beside it: signatures.json in its folder
 */
export interface Signatures {
  protocolId: ProtocolId
  version: Version
  /**
   * Statements of the parties; of one party the latest counts
   *
   * @minItems 0
   * @maxItems 200
   */
  signatures: ProtocolSignature[]
  /**
   * Where the document is published
   *
   * @minItems 0
   * @maxItems 200
   */
  publication: ProtocolPublication[]
  /**
   * Suspensions, ended or not
   *
   * @minItems 0
   * @maxItems 200
   */
  suspensions: ProtocolSuspension[]
}
/**
 * POST /v1/tenancies/ended: these persons are tenants no longer
 */
export interface TenanciesEnded {
  protocol: ProtocolId
  nonce: Nonce
  /**
   * One item per tenant
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One tenant
   */
  items: {
    tenantRef: TenantRef
    endedOn: CalendarDate
  }[]
}
/**
 * POST {base}/tenancies/ended: gateway to the employment service
 */
export interface TenanciesEndedForward {
  messageId: MessageId
  protocol: ProtocolId
  domain: DomainName
  /**
   * One item per person
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person
   */
  items: {
    tag: Tag
    endedOn: CalendarDate
  }[]
}
/**
 * Form of POST /oauth/token (RFC 6749 section 4.4 with RFC 7523 section 2.2)
 */
export interface TokenRequest {
  /**
   * The only grant
   */
  grant_type: 'client_credentials'
  client_id?: PartyId
  /**
   * The only form of client authentication
   */
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  /**
   * JWT signed with a registered key: iss = sub = party id, aud = token URL, exp - iat at most 120 s, fresh jti
   */
  client_assertion: string
  /**
   * Scopes asked for, separated by spaces; all that the party may have if left out
   */
  scope?: string
}
/**
 * Access token (RFC 6749 section 5.1; the token is RFC 9068)
 */
export interface TokenResponse {
  /**
   * Send it as Authorization, with its token_type before it
   */
  access_token: string
  /**
   * Kind of token: DPoP where the request came with a proof
   */
  token_type: 'Bearer' | 'DPoP'
  /**
   * Seconds it lasts
   */
  expires_in: number
  /**
   * What it allows, separated by spaces
   */
  scope: string
}
/**
 * Reply of POST /v1/subjects/usage, after the Data Tracker (findUsage, version 2)
 */
export interface Usage {
  /**
   * How many there are in the period, on all pages
   */
  totalUsages: number
  /**
   * What was looked at
   */
  usagePeriod: {
    from: Timestamp
    until: Timestamp
  }
  /**
   * Until when the log is signed; null while it is empty. What is younger may still be on its way
   */
  heartbeat: string | null
  /**
   * Newest first
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: One use of data about the person
   */
  usages: {
    logtime: Timestamp
    /**
     * What happened, in plain Dutch
     */
    action: string
    /**
     * Purpose in the words of the protocol of that time
     */
    purpose: string
    /**
     * Legal basis in the words of that protocol
     */
    legalBasis: string
    /**
     * The data that moved, by the names that the protocol gives them; no values
     *
     * @minItems 0
     * @maxItems 200
     *
     * Items: Name of a datum
     */
    data: string[]
    /**
     * The protocol, where there is one
     */
    protocol: {
      id: ProtocolId
      version: Version
      digest: Digest
    } | null
    /**
     * Enterprise number of who got the data; null where they stayed in the gateway
     */
    receiverCode: string | null
    /**
     * Who got the data
     */
    receiverName: string
    /**
     * Party id of that organisation, or huisbrug
     */
    receiverSystem: string
    /**
     * The reason that a person gave, for a search or another act on the person
     */
    reason?: string
    /**
     * How to check it with nothing but the verifier key of the log. A housing company gets index and commitment: its receipts and the public tiles do the rest
     */
    proof: {
      /**
       * Place in the log
       */
      index: number
      commitment: Digest
      /**
       * The entry as it is in the log: canonical JSON, base64url
       */
      entry?: string
      /**
       * That the entry is in the log: the text of a .tlog-proof file (C2SP)
       */
      inclusion?: string
      /**
       * That the entry is about this person: the path from the leaf to the root that the entry holds. Absent where an earlier entry of the same message names the person
       */
      subject?: {
        /**
         * Place among the persons of the entry, from 0
         */
        position: number
        /**
         * How many persons the entry is about
         */
        count: number
        /**
         * 32 bytes, base64url: the commitment is SHA-256(salt, subject tag), the leaf SHA-256(0x00, commitment)
         */
        salt: string
        /**
         * The gateway's own index of the person, 16 bytes, base64url
         */
        subjectTag: string
        /**
         * Hashes from the leaf to the root, the sibling of the leaf first (RFC 6962)
         *
         * @minItems 0
         * @maxItems 32
         */
        path: Digest[]
      }
    }
  }[]
  /**
   * What to repeat the question with for the next page; absent on the last one
   */
  next?: {
    until: Timestamp
    /**
     * As offset of the question
     */
    offset: number
  }
}
/**
 * POST /v1/subjects/usage for a privacy officer: everything the log says about one person
 */
export interface UsageByNumber {
  /**
   * National register or BIS number: eleven digits, or the display form. Kept nowhere
   */
  insz: string
  /**
   * Why the person is looked up, in words, without a national number; the person may see it
   */
  reason: string
  from?: Timestamp
  until?: Timestamp
  /**
   * How many of the newest to pass over
   */
  offset?: number
  /**
   * How many at most; 100 where left out
   */
  limit?: number
  /**
   * Where four eyes are set: the id that the first call got, once a second person has approved it
   */
  approval?: string
}
/**
 * POST /v1/subjects/usage for a housing company: what it sent or got about a current tenant of its own
 */
export interface UsageByReference {
  tenantRef: TenantRef
  from?: Timestamp
  until?: Timestamp
  /**
   * How many of the newest to pass over
   */
  offset?: number
  /**
   * How many at most; 100 where left out
   */
  limit?: number
}
/**
 * PUT /v1/webhook: where the party receives events
 */
export interface Webhook {
  /**
   * An https address that is publicly reachable
   */
  url: string
  /**
   * Event types wanted; all if left out
   *
   * @minItems 1
   * @maxItems 20
   */
  events?: EventType[]
}
/**
 * Reply of PUT and GET /v1/webhook and of POST /v1/webhook/rotate
 */
export interface WebhookReply {
  /**
   * The address
   */
  url: string
  /**
   * Event types wanted; all if left out
   *
   * @minItems 1
   * @maxItems 20
   */
  events?: EventType[]
  /**
   * Secret of the signatures (Standard Webhooks), shown once
   */
  secret?: string
  formerSecretUntil?: Timestamp
  /**
   * paused: it fails, and is tried again by itself; gone: it answered 410, nothing is sent to it until it is set again, and events wait in the inbox. In the reply of GET
   */
  state?: 'active' | 'paused' | 'gone'
  /**
   * Tries of this party's webhook in the last 90 days. In the reply of GET
   */
  statistics?: {
    /**
     * Tries in all
     */
    attempts: number
    /**
     * Tries that got 2xx
     */
    delivered: number
    /**
     * Tries that did not
     */
    failed: number
    /**
     * Failed tries since the last that got through
     */
    failuresInARow: number
    /**
     * When the last try that got through began
     */
    lastDeliveredAt: Timestamp | null
    /**
     * When the last try that failed began
     */
    lastFailedAt: Timestamp | null
    /**
     * Why the last failed one failed, as a code
     */
    lastReason: string | null
    /**
     * Until when nothing is tried; null where it is not paused
     */
    pausedUntil: Timestamp | null
  }
}
/**
 * 202 of POST /v1/webhook/test: an event be.huisbrug.test is on its way
 */
export interface WebhookTest {
  deliveryId: DeliveryId
}

/** The type of each schema, by the name of its file. */
export interface WireTypes {
  'annex-1': Annex1
  'annex-1-accepted': Annex1Accepted
  'annex-1-reports': Annex1Reports
  'annex-1-warning': Annex1Warning
  'approval-decision': ApprovalDecision
  'approvals': Approvals
  'audit-entries': AuditEntries
  'audit-entry': AuditEntry
  'audit-entry-reply': AuditEntryReply
  'deliveries': Deliveries
  'deliveries-retried': DeliveriesRetried
  'deliveries-retry': DeliveriesRetry
  'delivery': Delivery
  'detection-accepted': DetectionAccepted
  'detection-answer': DetectionAnswer
  'detection-forward': DetectionForward
  'detection-request': DetectionRequest
  'domain': Domain
  'domain-ready': DomainReady
  'domains': Domains
  'envelope': Envelope
  'erased': Erased
  'error-code': ErrorCode
  'evaluation-reply': EvaluationReply
  'evaluation-request': EvaluationRequest
  'event-counts-answered': EventCountsAnswered
  'event-expired': EventExpired
  'event-message-answered': EventMessageAnswered
  'event-message-counts': EventMessageCounts
  'event-message-overdue': EventMessageOverdue
  'event-message-received': EventMessageReceived
  'event-overdue': EventOverdue
  'event-person-answered': EventPersonAnswered
  'event-protocol-resumed': EventProtocolResumed
  'event-protocol-suspended': EventProtocolSuspended
  'event-reachability': EventReachability
  'event-test': EventTest
  'evidence-bundle': EvidenceBundle
  'explain-reply': ExplainReply
  'explain-request': ExplainRequest
  'feedback-accepted': FeedbackAccepted
  'feedback-request': FeedbackRequest
  'health': Health
  'inbox': Inbox
  'inbox-acknowledged': InboxAcknowledged
  'inbox-acknowledgement': InboxAcknowledgement
  'jwk-set': JwkSet
  'message': Message
  'message-accepted': MessageAccepted
  'message-forward': MessageForward
  'message-request': MessageRequest
  'page': Page
  'period-close': PeriodClose
  'period-closed': PeriodClosed
  'problem': Problem
  'progress': Progress
  'progress-forward': ProgressForward
  'protocol': Protocol
  'protocol-diff': ProtocolDiff
  'protocols': Protocols
  'receipt': Receipt
  'receipt-reply': ReceiptReply
  'restricted': Restricted
  'restriction-lifted': RestrictionLifted
  'right-request': RightRequest
  'server-metadata': ServerMetadata
  'signatures': Signatures
  'tenancies-ended': TenanciesEnded
  'tenancies-ended-forward': TenanciesEndedForward
  'token-request': TokenRequest
  'token-response': TokenResponse
  'usage': Usage
  'usage-by-number': UsageByNumber
  'usage-by-reference': UsageByReference
  'usage-request': UsageRequest
  'webhook': Webhook
  'webhook-reply': WebhookReply
  'webhook-test': WebhookTest
}
