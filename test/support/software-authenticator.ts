import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const bytes = (...parts: (number | Buffer)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)));
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
const text = (value: string) => bytes(0x60 + value.length, Buffer.from(value));
const byteString = (value: Buffer) =>
  value.length < 256
    ? bytes(0x58, value.length, value)
    : bytes(0x59, value.length >> 8, value.length & 255, value);

const USER_PRESENT = 0x01;
const ATTESTED = 0x40;

/** Makes passkeys and signs with them as an authenticator does (WebAuthn, ES256, attestation `none`). */
export class SoftwareAuthenticator {
  private readonly credentialId = randomBytes(32);
  private readonly key: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  /** How often it has signed. */
  counter = 0;

  constructor(
    private readonly origin: string,
    private readonly rpId = new URL(origin).hostname,
  ) {}

  /** What `navigator.credentials.create()` returns. */
  create(challenge: string) {
    const jwk = this.key.publicKey.export({ format: 'jwk' });
    const [x, y] = [jwk.x!, jwk.y!].map((part) => Buffer.from(part, 'base64url'));
    // A COSE key: kty EC2, alg ES256, crv P-256, x, y.
    const coseKey = bytes(0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, byteString(x!), 0x22, byteString(y!));
    const attested = bytes(Buffer.alloc(16), 0, this.credentialId.length, this.credentialId, coseKey);
    const authenticatorData = bytes(this.authenticatorData(USER_PRESENT | ATTESTED), attested);
    const attestationObject = bytes(
      0xa3,
      text('fmt'),
      text('none'),
      text('attStmt'),
      0xa0,
      text('authData'),
      byteString(authenticatorData),
    );
    return this.credential({
      clientDataJSON: this.clientData('webauthn.create', challenge).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    });
  }

  /** What `navigator.credentials.get()` returns. */
  get(challenge: string) {
    this.counter += 1;
    const clientData = this.clientData('webauthn.get', challenge);
    const authenticatorData = this.authenticatorData(USER_PRESENT);
    const signature = sign('sha256', bytes(authenticatorData, sha256(clientData)), this.key.privateKey);
    return this.credential({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: signature.toString('base64url'),
    });
  }

  private credential(response: object) {
    const id = this.credentialId.toString('base64url');
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }

  private clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  private authenticatorData(flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return bytes(sha256(this.rpId), flags, counter);
  }
}
