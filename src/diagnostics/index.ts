export {
  causeOfCode,
  connectionFailureOf,
  describeError,
  describeFailure,
  type ErrorCause,
  nameOfSql,
  withStatement,
} from './causes.js';
