export {
  causeOfCode,
  connectionFailureOf,
  describeError,
  describeFailure,
  describeForeignError,
  type ErrorCause,
  nameOfSql,
} from './causes.js';
export { type Diagnostic, DIAGNOSTICS_CHANNEL, onDiagnostic, report } from './diagnostics.js';
export { observed } from './observed.js';
export { traced, traceHeaders } from './tracing.js';
