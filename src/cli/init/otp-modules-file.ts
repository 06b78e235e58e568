/** What the application has already, and so decides what the file says. */
export interface Surroundings {
  brand: string;
  /** Sessions that can carry the second factor; null: phone verification only. */
  sessions: 'express' | 'jwt' | null;
  hasTypeOrm: boolean;
  /** The application's own migrations run ours too. */
  hasMigrations: boolean;
}

/** The file with our modules, as an application keeps and changes it. */
export function otpModulesFile({ brand, sessions, hasTypeOrm, hasMigrations }: Surroundings): string {
  const name = JSON.stringify(brand).slice(1, -1).replaceAll("'", "\\'");
  const sessionsClass = { express: 'ExpressSessions', jwt: 'JwtSessions' };
  const imported = [
    ...(sessions ? [sessionsClass[sessions], 'TwoFactorModule'] : []),
    'MessageSender',
    'type OutgoingMessage',
    'type SendOutcome',
    'VerificationModule',
    'type VerificationModuleOptions',
  ].sort((a, b) => a.replace('type ', '').localeCompare(b.replace('type ', '')));
  return `import { existsSync } from 'node:fs';
import { Logger } from '@nestjs/common';
${hasTypeOrm ? '' : "import { TypeOrmModule } from '@nestjs/typeorm';\n"}import {
${imported.map((each) => `  ${each},\n`).join('')}} from 'nest-sms-otp';

// For development. Where the application runs for others, the environment has the variables.
if (existsSync('.env')) process.loadEnvFile('.env');
const env = process.env;

/** For development without an account at Vonage: the messages appear in the terminal. */
class MessagesInTheTerminal extends MessageSender {
  private readonly log = new Logger('SMS');

  async send({ to, text }: OutgoingMessage): Promise<SendOutcome> {
    this.log.log(\`to \${to}: \${text}\`);
    return { outcome: 'sent' };
  }
}

const isInTerminal = env['NODE_ENV'] !== 'production' && !env['VONAGE_API_KEY'];
const delivery: Pick<VerificationModuleOptions, 'message' | 'sender' | 'vonage'> = isInTerminal
  ? { sender: new MessagesInTheTerminal(), message: { brand: '${name}' } }
  : { vonage: { apiKey: env['VONAGE_API_KEY']!, apiSecret: env['VONAGE_API_SECRET']!, brand: '${name}' } };

export const otpModules = [
${hasTypeOrm ? '' : "  TypeOrmModule.forRoot({ type: 'postgres', url: env['DATABASE_URL'] }),\n"}  VerificationModule.forRoot({
    ...delivery,
    keys: { encryption: env['PHONE_ENCRYPTION_KEYS']!, fingerprint: env['PHONE_FINGERPRINT_KEYS']! },
${hasMigrations ? '' : '    database: { migrationsRun: true },\n'}    path: 'phone',
  }),
${twoFactorLines(sessions, name)}];
`;
}

function twoFactorLines(sessions: Surroundings['sessions'], name: string): string {
  const options = {
    express: `sessions: new ExpressSessions(), issuer: '${name}'`,
    jwt: `sessions: new JwtSessions({ secret: env['SESSION_SECRET']! }), issuer: '${name}', trustBrowserDays: null`,
  };
  return sessions ? `  TwoFactorModule.forRoot({ ${options[sessions]} }),\n` : '';
}

/** A file in the application's folder of migrations, which TypeORM finds there. */
export const migrationsFile = (sessions: Surroundings['sessions']): string =>
  `import { migrationsFor } from 'nest-sms-otp/migrations';

/** The tables of nest-sms-otp. */
export const otpMigrations = migrationsFor({ modules: [${sessions ? "'verification', 'two-factor'" : "'verification'"}] });
`;
