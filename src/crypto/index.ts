export { Encrypted } from './encrypted-column.js';
export { type KeyRing, parseKeyRing } from './key-ring.js';
export { KeyCanary } from './key-canary.js';
export { KeyCanaryRow } from './key-canary.entity.js';
export { KeyRotation } from './key-rotation.entity.js';
export { KeyRotator, type RotationProgress, type UnreadableRow } from './key-rotator.js';
export { PersonalDataCipher, type SealedColumn } from './personal-data-cipher.js';
export { hash, verify } from './slow-hash.js';
