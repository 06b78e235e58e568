import { createApp } from './create-app';

async function main() {
  const { DATABASE_URL, JWT_SECRET, VONAGE_API_KEY, VONAGE_API_SECRET, ENCRYPTION_KEYS, FINGERPRINT_KEYS } =
    process.env;
  const app = await createApp({
    databaseUrl: DATABASE_URL!,
    jwtSecret: JWT_SECRET!,
    verification: {
      vonage: { apiKey: VONAGE_API_KEY!, apiSecret: VONAGE_API_SECRET!, brand: 'ACME' },
      keys: { encryption: ENCRYPTION_KEYS!, fingerprint: FINGERPRINT_KEYS! },
    },
  });
  await app.listen(3000);
}

void main();
