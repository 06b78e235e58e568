import { verificationEntities } from './verification/entities/index.js';

/** Every entity of the runnable application. */
export const entities = [...verificationEntities];
