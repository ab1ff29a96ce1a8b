export { claimedSigners, isSignedBy, wrapStatement, type Envelope } from './dsse.ts'
export { LeafHashes, leafHash, MerkleRoot } from './merkle-tree.ts'
export { checkNumberProof, isNumberProof, numberProof, type CheckedProof, type NumberProof } from './number-proof.ts'
export { newSecret, readLine, recordLine, saltOf, withheldLine, type ReadLine } from './record-line.ts'
export {
  hypothesesSentence,
  isAbout,
  parseSealed,
  sealDigest,
  SealInvalid,
  sealLine,
  sealType,
  signSeal,
  type Seal,
  type Sealed,
} from './seal.ts'
export {
  KeyInvalid,
  parsePublicKey,
  parseSigningKey,
  publicPem,
  type PublicKey,
  type SigningKey,
} from './signing-key.ts'
export { measurementStatement, provenanceStatement } from './statements.ts'
