export { digestOf } from './context.ts';
export { fingerprintOf } from './fingerprint.ts';
export { parametersFor } from './graph/degree.ts';
export {
  exportIdentity,
  type Identity,
  type IdentityKeys,
  identityOf,
  importIdentity,
  newIdentityKeys,
} from './keys/identity.ts';
export type { Pins } from './keys/pins.ts';
export { deviceRandomness, type Randomness } from './keys/randomness.ts';
export type { Vectors } from './member/mask.ts';
export { type KeptMember, Member } from './member/member.ts';
export * from './messages.ts';
export { type Clip, firstClip, nextClip } from './numbers/clip.ts';
export { type Grid, gridFor, meanOf, stepOf, toWords } from './numbers/fixed-point.ts';
export { mostWeight, weightOf } from './numbers/weight.ts';
export { type Participation, Plan } from './plan.ts';
export { checkReady } from './roster-check.ts';
export { checkMasked, checkReleased, checkShared, inboxOf, rosterOf } from './server/gather.ts';
export { type Sum, type Unmasking, unmask } from './server/unmask.ts';
