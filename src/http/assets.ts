import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A file of our pages, ready to be sent. */
export interface Asset {
  /** `otp.css` is served as `otp.3f2a9c1b.css`: another content has another address. */
  address: string;
  type: string;
  /** By `Content-Encoding`. */
  bodies: { identity: Buffer; gzip: Buffer; br: Buffer };
}

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The style sheet, the script and the icon of our pages: read, hashed and compressed once. */
export class Assets {
  private readonly byName = new Map<string, Asset>();
  private readonly byAddress = new Map<string, Asset>();

  /** @param styles follows our style sheet, in the same file */
  constructor(directory: string, styles: string) {
    for (const name of readdirSync(directory)) {
      const [stem, extension] = name.split('.') as [string, string];
      const content = readFileSync(join(directory, name));
      const identity = extension === 'css' ? Buffer.concat([content, Buffer.from(styles)]) : content;
      const hash = createHash('sha256').update(identity).digest('hex').slice(0, 8);
      const asset: Asset = {
        address: `${stem}.${hash}.${extension}`,
        type: TYPES[extension]!,
        bodies: { identity, gzip: gzipSync(identity, { level: 9 }), br: brotliCompressSync(identity) },
      };
      this.byName.set(name, asset);
      this.byAddress.set(asset.address, asset);
    }
  }

  /** The address of a file of ours, below that of all of them. An unknown name stays as it is. */
  addressOf(name: string): string {
    return this.byName.get(name)?.address ?? name;
  }

  find(address: string): Asset | undefined {
    return this.byAddress.get(address);
  }
}
