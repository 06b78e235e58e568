export { DEMO_USERS } from './demo-users.js';
export { HOST_ERRORS } from './host.problems.js';
export { HostModule } from './host.module.js';
export type { HostMail } from './host.options.js';
export { ConsoleMailer, type Mail, Mailer, SmtpMailer } from './mail/mailer.js';
export { DEMO_PASSWORD } from './passwords/common-passwords.js';
export { PasswordChanges } from './passwords/password-changes.js';
export { User } from './user.entity.js';
export { Users } from './users.service.js';
