#!/usr/bin/env bash
# The certificates with RSA signatures: *ring* makes none, so that the tests cannot.
# Each is for mail.example.com, for 100 years. The keys are thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

root() { # name, bits
  openssl req -x509 -newkey "rsa:$2" -noenc -keyout "$work/$1.key" -out "$work/$1.pem" -subj "/CN=$1" -days 36500
  openssl x509 -in "$work/$1.pem" -outform der -out "$1.der"
}
host() { # name, root, options of the signature
  local name=$1 root=$2
  shift 2
  openssl x509 -req -in "$work/host.csr" -CA "$work/$root.pem" -CAkey "$work/$root.key" -days 36500 \
    -extfile <(echo "subjectAltName=DNS:mail.example.com") "$@" -outform der -out "$name.der"
}

openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$work/host.key" \
  -out "$work/host.csr" -subj "/CN=host"
root rsa-root 2048
root rsa-root-short 1024
host rsa-pkcs1 rsa-root -sha256
host rsa-pss rsa-root -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
host rsa-sha1 rsa-root -sha1
host rsa-short rsa-root-short -sha256
