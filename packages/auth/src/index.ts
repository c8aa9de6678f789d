export { type ApiKey, type FindSecret, newApiKey } from './api-key.ts';
export { mintApiToken, verifyApiToken } from './api-token.ts';
export { mintJoinToken, type VerifiedJoin, verifyJoinToken } from './join-token.ts';
export {
  type OfferedRelay,
  relayCredentialSeconds,
  relaySecret,
  relayServers,
  relayUrlSuits,
} from './relay-servers.ts';
export type { MintOptions, VerifyOptions } from './signed-token.ts';
export { mintTurnCredentials, type TurnCredentials } from './turn-credentials.ts';
