import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SmtpMailer } from './mailer.js';

/** Speaks just enough SMTP to take mails. */
function smtpServer(lines: string[]) {
  return createServer((socket: Socket) => {
    let inBody = false;
    socket.write('220 ready\r\n');
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of chunk.split('\r\n').filter(Boolean)) {
        lines.push(line);
        if (inBody && line !== '.') continue;
        inBody = line === 'DATA';
        socket.write(inBody ? '354 go on\r\n' : '250 fine\r\n');
      }
    });
  });
}

describe('e-mail over SMTP', () => {
  it('reaches the server with its sender, its subject and its link in one piece', async () => {
    const lines: string[] = [];
    const server = smtpServer(lines);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const mailer = new SmtpMailer(`smtp://127.0.0.1:${port}`, 'ACME <no-reply@example.com>');
      const link = `https://login.example.com/sign-up/finish?token=${'x'.repeat(43)}`;
      await mailer.send({ to: 'you@example.com', subject: 'Finish', text: `Open this:\n\n${link}\n` });
      expect(lines).toEqual(
        expect.arrayContaining([
          'MAIL FROM:<no-reply@example.com>',
          'RCPT TO:<you@example.com>',
          'From: ACME <no-reply@example.com>',
          'Subject: Finish',
        ]),
      );
      // Quoted-printable, as mail readers undo it.
      const text = lines.join('\n').replaceAll('=\n', '').replaceAll('=3D', '=');
      expect(text).toContain(`Open this:\n${link}\n`);
    } finally {
      server.close();
    }
  });
});
