#!/bin/sh
# Makes the secrets of compose.yml in ./secrets, unless they exist. Vonage's key and secret are yours to fill in.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets acme tls

# make <name> <content>
make() {
  if [ ! -e "secrets/$1" ]; then printf '%s\n' "$2" > "secrets/$1"; fi
}
password() { openssl rand -hex 24; }
ring() { printf 'k1:%s' "$(openssl rand -base64 32)"; }

for name in postgres_password owner_password application_password redis_password; do make "$name" "$(password)"; done
for name in phone_encryption_keys phone_fingerprint_keys session_keys; do make "$name" "$(ring)"; done
make database_url "postgres://application:$(cat secrets/application_password)@postgres:5432/otp"
make owner_database_url "postgres://otp_owner:$(cat secrets/owner_password)@postgres:5432/otp"
make redis_url "redis://:$(cat secrets/redis_password)@redis:6379"
make pgbouncer_users "\"application\" \"$(cat secrets/application_password)\""
make vonage_api_key ''
make vonage_api_secret ''
# Containers read them as users of their own; the folder keeps everybody else out.
chmod 700 secrets
chmod 644 secrets/*
# nginx answers ACME challenges as a user without rights.
chmod 755 acme
echo "Fill in secrets/vonage_api_key and secrets/vonage_api_secret, and put fullchain.pem and privkey.pem into tls."
