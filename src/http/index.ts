export { ACCESS, OpenToAll } from './access.js';
export { BODIES } from './body.js';
export { addressBucket, clientAddress } from './client-address.js';
export { configureHttp, type HttpOptions } from './configure-http.js';
export { describeBrowser } from './describe-browser.js';
export { DateFromText, EmptyAsAbsent, NumberFromText } from './empty-as-absent.js';
export { FreeText, isStorable, withHiddenCharactersShown } from './free-text.js';
export { errorContext, returnPath, typed } from './form-errors.js';
export { inputPipe } from './input-pipe.js';
export { maskedAddress } from './masked-address.js';
export { Messages, type MessageParameters } from './messages.js';
export { negotiate } from './negotiation.js';
export { Negotiated, Page } from './page.js';
export { contextOf, type PageContext, PageView, pageOf } from './page-context.js';
export { PACKAGE_ROOT, PagesModule, type PagesOptions } from './pages.module.js';
export {
  type FieldError,
  HTTP_PROBLEMS,
  type HttpProblemCode,
  Problem,
  type ProblemDetails,
} from './problem.js';
export { ProblemResource, problemsDecorator } from './problem-documentation.js';
export { problemDetail, ProblemFilter } from './problem.filter.js';
export {
  SharedThrottlerStorage,
  type SharedThrottlerStorageOptions,
} from './throttling/shared-throttler-storage.js';
export { FloodGuard } from './throttling/throttler.guard.js';
export { safePath } from './safe-path.js';
export { SeeOther } from './see-other.js';
export { HandlebarsRenderer, type View, type ViewContext, ViewRenderer } from './view-renderer.js';
