#!/usr/bin/env bash
# An attended try of the README's Caddy examples, with Caddy's own certificates: run it by hand, it prints what it saw.
# It needs caddy, curl, node, and built programs (cargo build); ports of 127.0.0.1 alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

programs=${TALKHUB_PROGRAMS:-target/debug}
folder=$(mktemp -d)
children=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
chat=$(port) relay=$(port) logic=$(port) socket=$(port)
secret=$(head -c 32 /dev/urandom | base64)
password="correct horse battery"

start() { # name, then environment and command
    local name=$1
    shift
    env "$@" >"$folder/$name.log" 2>&1 &
    children+=($!)
}
fail() {
    echo "not ok: $1"
    tail -n 15 "$folder"/*.log
    exit 1
}
until_ok() { # what, then a command
    local what=$1
    shift
    for _ in $(seq 150); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "$what"
}
stop_all() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    children=()
}

caddy_with() { # the sites
    printf '{\n  admin off\n  local_certs\n  skip_install_trust\n  auto_https disable_redirects\n  storage file_system %s/caddy\n}\n%s\n' "$folder" "$1" >"$folder/Caddyfile"
    start caddy caddy run --config "$folder/Caddyfile" --adapter caddyfile
    until_ok "Caddy makes its certificate" test -s "$folder/caddy/pki/authorities/local/root.crt"
    root="$folder/caddy/pki/authorities/local/root.crt"
}
ask() { curl --silent --show-error --fail --cacert "$root" "$@"; }
sign_up() { # name, cookie jar
    ask --cookie-jar "$2" -H 'content-type: application/json' "https://localhost:$chat/api/v1/accounts" -d \
        "{\"username\":\"$1\",\"email\":\"$1@example.org\",\"password\":\"$password\",\"password_again\":\"$password\"}"
}
chat_over_tls() {
    sign_up ann "$folder/ann" >"$folder/ann.json"
    sign_up bot "$folder/bot" >/dev/null
    local ann
    ann=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).user_id' "$folder/ann.json")
    start bot NODE_EXTRA_CA_CERTS="$root" TALKHUB_URL="https://localhost:$chat" TALKHUB_NAME=bot \
        TALKHUB_PASSWORD="$password" TALKHUB_OTHER="$ann" node tests/conformance/echo_bot.mjs
    heard() { ask --cookie "$folder/ann" "https://localhost:$chat/api/v1/conversations" | grep -q 'I repeat what you say'; }
    until_ok "the bot's message is stored" heard
    grep -q "Secure" < <(ask --head "https://localhost:$chat/login"; ask -i --cookie-jar /dev/null -H 'content-type: application/json' \
        "https://localhost:$chat/api/v1/sessions" -d "{\"name\":\"ann\",\"password\":\"$password\"}") || fail "the cookie is Secure"
}

echo "One host: /socket.io/ to the relay, all else to the logic server"
caddy_with "https://localhost:$chat {
  handle /socket.io/* {
    reverse_proxy 127.0.0.1:$socket
  }
  handle {
    reverse_proxy 127.0.0.1:$logic
  }
}"
start relay TALKHUB_RELAY_BIND=127.0.0.1:"$socket" TALKHUB_RELAY_TRUSTED_PROXIES=127.0.0.1 \
    TALKHUB_RELAY_SECRET="$secret" "$programs/talkhub-relay"
start logic TALKHUB_BIND=127.0.0.1:"$logic" TALKHUB_DATA_DIR="$folder/one" TALKHUB_TRUSTED_PROXIES=127.0.0.1 \
    TALKHUB_PUBLIC_URL="https://localhost:$chat" TALKHUB_RELAY_PUBLIC_URL="https://localhost:$chat" \
    RELAY_SERVER_URL="http://127.0.0.1:$socket" TALKHUB_RELAY_SECRET="$secret" "$programs/talkhub-client"
until_ok "the logic server answers over TLS" ask "https://localhost:$chat/readyz"
chat_over_tls
status=$(curl --silent --output /dev/null --write-out '%{http_code}' --cacert "$root" "https://localhost:$chat/internal/v1/relay-ids")
[ "$status" = 404 ] || fail "/internal is hidden (it answered $status)"
echo "ok: signed up, sent and stored over https and wss; /internal answers 404"
stop_all

echo "Two hosts: the relay under a name of its own"
caddy_with "https://localhost:$chat {
  reverse_proxy 127.0.0.1:$logic
}
https://localhost:$relay {
  @internal {
    path /internal/*
    not remote_ip 127.0.0.1 ::1
  }
  respond @internal 404
  reverse_proxy 127.0.0.1:$socket
}"
start relay TALKHUB_RELAY_BIND=127.0.0.1:"$socket" TALKHUB_RELAY_TRUSTED_PROXIES=127.0.0.1 \
    TALKHUB_RELAY_SECRET="$secret" "$programs/talkhub-relay"
# The logic server dials through Caddy too, over https and wss; Caddy's own authority is named as an operator would.
start logic TALKHUB_BIND=127.0.0.1:"$logic" TALKHUB_DATA_DIR="$folder/two" TALKHUB_TRUSTED_PROXIES=127.0.0.1 \
    TALKHUB_PUBLIC_URL="https://localhost:$chat" TALKHUB_RELAY_PUBLIC_URL="https://localhost:$relay" \
    RELAY_SERVER_URL="https://localhost:$relay" SSL_CERT_FILE="$root" TALKHUB_RELAY_SECRET="$secret" "$programs/talkhub-client"
until_ok "the logic server answers over TLS" ask "https://localhost:$chat/readyz"
chat_over_tls
status=$(curl --silent --output /dev/null --write-out '%{http_code}' --cacert "$root" "https://localhost:$relay/internal/v1/relay-ids")
[ "$status" = 401 ] || fail "/internal asks for the secret (it answered $status)"
echo "ok: signed up, sent and stored over https and wss; the link goes over wss; /internal answers 401 without the secret"
