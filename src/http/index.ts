export { countForms } from './count-forms.js';
export { ACCESS, OpenToAll } from './access.js';
export { type BrandOptions, SERVICE_NAME } from './brand.js';
export { BODIES } from './body.js';
export { addressBucket, clientAddress } from './client-address.js';
export {
  type ConnectionReport,
  describeConnection,
  keepsSecureCookies,
  warnAboutUntrustedProxy,
} from './connection.js';
export { appendCookie, cookieNameFor, readCookie } from './cookies.js';
export { originsOf } from './connection.js';
export { describeBrowser } from './describe-browser.js';
export { DateFromText, EmptyAsAbsent, NumberFromText } from './empty-as-absent.js';
export { FreeText, isStorable, withHiddenCharactersShown } from './free-text.js';
export { Flashes, refusalFlash } from './flash.js';
export { FormTargets, notAPage } from './form-targets.js';
export { errorContext, returnPath, typed } from './form-errors.js';
export { readIsoDate } from './iso-date.js';
export { InputPipe } from './input-pipe.js';
export { maskedAddress } from './masked-address.js';
export { type MessageParameters } from './messages.js';
export { localeOf, preferredLanguages, preferredRegion } from './preferred-languages.js';
export { HTTP_DEFAULTS, HTTP_OPTIONS, type HttpOptions, type ResolvedHttpOptions } from './http.options.js';
export { isForm, isFormOfBrowser, opensPage } from './negotiation.js';
export { isOwnRoute, Negotiated, Page } from './page.js';
export {
  contextOf,
  isAnsweredByPage,
  type PageContext,
  pageContextOf,
  PageView,
  showOnPage,
} from './page-context.js';
export { PACKAGE_ROOT } from './package-root.js';
export { mounted, type MountOptions } from './mount.js';
export { Landmark, MountedPaths } from './mounted-paths.js';
export { PagesModule, type PagesOptions } from './pages.module.js';
export { HTTP_PROBLEMS, Problem, type ProblemDetails } from './problem.js';
export { problemsDecorator } from './problem-documentation.js';
export { errorView, problemDetail, problemTitle, ProblemFilter } from './problem.filter.js';
export { SharedThrottlerStorage } from './throttling/shared-throttler-storage.js';
export { FloodGuard } from './throttling/throttler.guard.js';
export { RepeatedPosts } from './repeated-posts.js';
export { noteFacts, requestFacts } from './request-facts.js';
export { requestChecks } from './request-checks.js';
export { safePath } from './safe-path.js';
export { type Redirect, type View, type ViewContext, ViewRenderer } from './view-renderer.js';
