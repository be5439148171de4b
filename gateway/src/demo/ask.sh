
# licet COMMAND...: the program that made this.
licet() (
  "$LICET" "$@"
)

# ask WHO PATH [OPTIONS OF CURL]: asks the gateway as one of the callers whose certificates are in $D/pki/clients.
ask() (
  who="$1" where="$2"
  shift 2
  # A terminal gets a line of its own; what is kept in a file stays as it came.
  if [ -t 1 ]; then set -- -w '\n' "$@"; fi
  curl -sS --fail-with-body --cacert "$D/pki/authorities/tls-root.pem" \
    --cert "$D/pki/clients/$who.pem" --key "$D/pki/clients/$who.key" "$URL$where" "$@"
)

# licet_as WHO COMMAND...: a command of licet that goes to the gateway, as one of the callers.
licet_as() (
  who="$1"
  shift
  "$LICET" "$@" --url "$URL" --ca "$D/pki/authorities/tls-root.pem" \
    --cert "$D/pki/clients/$who.pem" --key "$D/pki/clients/$who.key"
)

# token CLAIMS: a token of a holder, from the demo's provider of identities: these claims, and what every token says.
# It is good once, for 300 seconds.
token() (
  now=$(date +%s)
  claims="\"iss\":\"$ISSUER\",\"aud\":\"$AUDIENCE\",\"iat\":$now,\"exp\":$((now + 300)),\"jti\":\"$(openssl rand -hex 16)\",$1"
  signed="$(printf '{"alg":"EdDSA","kid":"demo"}' | base64url).$(printf '{%s}' "$claims" | base64url)"
  # openssl signs a file with Ed25519, and nothing that is piped into it.
  printf '%s' "$signed" > "$D/token"
  printf '%s.%s\n' "$signed" "$(openssl pkeyutl -sign -rawin -inkey "$D/pki/identity/provider.key" -in "$D/token" | base64url)"
  rm -f "$D/token"
)

base64url() (
  openssl base64 -A | tr '+/' '-_' | tr -d '='
)
