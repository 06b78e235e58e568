import {
  type Config,
  ConfigurationError,
  environmentSchema,
  loadConfig,
  loadVariables,
} from '../../config/index.js';
import { type Finding, ok, warning, wrong } from './finding.js';

/** What is known of the configuration, also when some of it is wrong. */
export interface Known {
  /** Null when it is wrong somewhere. */
  config: Config | null;
  /** Each variable that is right by itself, with its default. */
  variables: Partial<Pick<Config, keyof Config>> & Record<string, unknown>;
}

/** Reads the environment as the application does. */
export function checkConfiguration(env?: NodeJS.ProcessEnv): { known: Known; findings: Finding[] } {
  const variables = Object.assign(
    {},
    ...Object.keys(environmentSchema.shape).map((name) => rightOne(name, env)),
  );
  try {
    const config = loadConfig(env);
    const findings = [
      ...config.warnings.map((each) => warning('configuration', each, 'Correct the name, or remove it.')),
      ...worthAWord(config),
    ];
    const mode = config.production ? 'production' : 'development';
    return {
      known: { config, variables },
      findings: findings.length > 0 ? findings : [ok('configuration', `every variable is right (${mode})`)],
    };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const advice = 'docs/configuration.md says what each variable may be.';
    return {
      known: { config: null, variables },
      findings: error.problems.map((problem) => wrong('configuration', problem, advice)),
    };
  }
}

function rightOne(name: string, env: NodeJS.ProcessEnv | undefined): Record<string, unknown> {
  try {
    return loadVariables([name as keyof typeof environmentSchema.shape], env);
  } catch {
    return {};
  }
}

/** What is allowed, and most likely a mistake. */
function worthAWord({
  production,
  TRUST_PROXY,
  INSTANCES,
  REDIS_URL,
  PUBLIC_URL,
  keys: _keys,
  ...rest
}: Config) {
  const findings: Finding[] = [];
  if (!production) return findings;
  if (TRUST_PROXY === null)
    findings.push(
      warning(
        'configuration',
        'no proxy is trusted, so everybody behind one counts as one address and HTTPS is not recognised',
        'Set TRUST_PROXY to the addresses of your proxy.',
      ),
    );
  if (INSTANCES > 1 && !REDIS_URL)
    findings.push(
      warning(
        'configuration',
        `INSTANCES is ${INSTANCES}, and each instance counts throttles for itself`,
        'Set REDIS_URL, or accept that throttles are shares.',
      ),
    );
  if (!PUBLIC_URL)
    findings.push(
      warning('configuration', 'PUBLIC_URL is not set', 'Set it to the address at which people reach you.'),
    );
  if (rest.VONAGE_APPLICATION_ID && !rest.VONAGE_SIGNATURE_SECRET)
    findings.push(
      warning(
        'configuration',
        'Vonage sends webhooks to its application, and without VONAGE_SIGNATURE_SECRET they get 404',
        'Copy the signature secret from the account’s settings.',
      ),
    );
  return findings;
}
