export {
  exportIdentity,
  type Identity,
  type IdentityFile,
  type IdentityKeys,
  identityOf,
  importIdentity,
  isSignedBy,
  newIdentityKeys,
} from './identity.ts';
export { isUpdateSigned, type SentUpdate, signUpdate, updateStatement } from './update.ts';
