import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Certificates are made by the command openssl, which most systems have. */
export const withOpenssl = spawnSync('openssl', ['version']).status === 0 ? describe : describe.skip;

export interface Certificate {
  /** Files in PEM. The certificate signs itself, so it is its own authority. */
  certificate: string;
  key: string;
  remove(): void;
}

/** @param days how long it is valid; negative for one that has expired */
export function makeCertificate(days = 1, name = 'localhost'): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'otp-certificate-'));
  const [certificate, key, request] = ['certificate.pem', 'key.pem', 'request.pem'].map((file) =>
    join(folder, file),
  ) as [string, string, string];
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
  openssl('x509', '-req', '-in', request, '-signkey', key, '-days', String(days), '-out', certificate);
  return { certificate, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
